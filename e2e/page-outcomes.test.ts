import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ChatPage } from "./chat-page.ts";
import { holdRequests } from "./hold-requests.ts";
import { type Stack, startStack } from "./stack.ts";

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack?.stop());

/** What the scripted upstream is to do. */
const script = (scenario: object) => `fake ${JSON.stringify(scenario)}`;

async function open(): Promise<ChatPage> {
  const chat = new ChatPage(await stack.open());
  await chat.provider(/^Cloud/);
  return chat;
}
const input = ({ page }: ChatPage) => page.getByRole("textbox", { name: "Message" });
const focused = ({ page }: ChatPage) => page.evaluate("document.activeElement.getAttribute('aria-label')");

async function send(chat: ChatPage, message: string): Promise<void> {
  await input(chat).fill(message);
  await chat.page.getByRole("button", { name: "Send" }).click();
}

describe("what was said", () => {
  test("keeps the line of a failed turn, also after the next message and a reload", async () => {
    const chat = await open();
    await send(chat, script({ words: 10, delayMs: 5, errorAfter: 3 }));
    await expect(chat.page.getByRole("button", { name: "Try again" })).toBeVisible();
    await expect
      .poll(() => chat.page.locator("[aria-live=assertive]").innerText())
      .toContain("The answer failed");
    await chat.say("Another question");
    await expect(chat.page.getByText(/^Failed: /)).toBeVisible();
    await chat.page.reload();
    await expect(chat.page.getByText("Failed", { exact: true })).toBeVisible();
    await chat.page.getByRole("button", { name: "Try again" }).click();
    await expect(chat.page.getByRole("navigation", { name: "Versions" })).toBeVisible();
  });

  test("keeps queued messages over a reload, and sends them", async () => {
    const chat = await open();
    await send(chat, script({ words: 2_000, delayMs: 30 }));
    await expect(chat.answers.last().getByText("word 3")).toBeVisible();
    await send(chat, "the second");
    await chat.page.reload();
    const waiting = chat.page.getByRole("list", { name: "Waiting messages" });
    await expect(waiting.getByText("the second")).toBeVisible();
    await expect(chat.page.getByRole("button", { name: "Stop" })).toBeVisible();
    await chat.page.getByRole("log", { name: "Conversation" }).focus();
    await chat.page.keyboard.press("Escape");
    await expect(chat.page.getByRole("article", { name: "You" }).getByText("the second")).toBeVisible();
    await expect(waiting).toBeHidden();
  });
});

describe("how an answer ended", () => {
  test("says that an answer was cut, and continues it", async () => {
    const chat = await open();
    await chat.memory("Stateful");
    await chat.say(script({ words: 8, finish: "length" }));
    await expect(chat.answers.last().getByText(/^Cut at the limit/)).toBeVisible();
    await chat.page.reload();
    await chat.answers.last().getByRole("button", { name: "Continue" }).click();
    await expect.poll(() => chat.answers.count()).toBe(2);
    await expect(chat.page.getByRole("button", { name: "Continue" })).toBeHidden();
    await expect(chat.answers.first().getByText(/^Cut at the limit/)).toBeVisible();
  });

  test("says that a content filter stopped it, and answers again in a branch", async () => {
    const chat = await open();
    await chat.say(script({ words: 2, finish: "content_filter" }));
    await expect(
      chat.page.getByRole("log").getByText("The provider's content filter stopped this answer."),
    ).toBeVisible();
    await chat.answers.last().getByRole("button", { name: "Try again" }).click();
    await expect(chat.page.getByRole("navigation", { name: "Versions" })).toBeVisible();
  });

  test("raises an alarm in the conversation if the model read less than it was sent", async () => {
    const chat = await open();
    await chat.say(script({ usage: { input: 7, output: 3 }, filler: " and more".repeat(60) }));
    await send(chat, script({ pieces: [], reasoning: ["Hm"] }));
    await expect(chat.page.getByText(/probably read only 7 of the/).first()).toBeVisible();
    await expect(chat.page.getByText(/used its tokens for thinking/).first()).toBeVisible();
  });
});

test("folds what the model thought, also after a reload, and does not send it again", async () => {
  const chat = await open();
  await chat.memory("Stateful");
  await chat.say(script({ reasoning: ["Let me ", "think."], pieces: ["It is 4."] }));
  for (const reload of [false, true]) {
    if (reload) await chat.page.reload();
    await expect(
      chat.answers.last().getByText(/^Thought · about \d+ tokens · not sent again$/),
    ).toBeVisible();
    await expect(chat.answers.last().getByText(/Let me\s+think\./)).toBeHidden();
    await chat.answers
      .last()
      .getByText(/^Thought/)
      .click();
    await expect(chat.answers.last().getByText(/Let me\s+think\./)).toBeVisible();
  }
  const answer = await chat.say("And now?");
  expect(answer).not.toMatch(/Let me\s+think/);
});

test("a click on a message is not lost before the page is ready", async () => {
  const chat = await open();
  await chat.say(script({ words: 2, finish: "content_filter" }));
  const answer = await holdRequests(chat.page, "**/api/providers");
  await chat.page.reload();
  await chat.answers.last().getByRole("button", { name: "Try again" }).click();
  answer();
  await expect(chat.page.getByRole("navigation", { name: "Versions" })).toBeVisible();
});

describe("a message that is sent before the page is ready", () => {
  test.each([
    ["the providers", "**/api/providers"],
    ["the messages", "**/api/sessions/*/items*"],
    ["the sessions", "**/api/sessions?*"],
  ])("is sent when %s have arrived, and only once", async (_, route) => {
    const chat = await open();
    await chat.say("The first");
    const { page } = chat;
    const answer = await holdRequests(page, route);
    await page.reload();
    await expect.poll(() => focused(chat)).toBe("Message");
    await page.keyboard.type("Early");
    await page.keyboard.press("Enter");
    await page.keyboard.type("And a draft");
    await expect(page.getByText("Early", { exact: true }).first()).toBeVisible();
    answer();
    await expect.poll(() => chat.answers.count()).toBe(2);
    await expect(page.getByRole("button", { name: "Stop" })).toBeHidden();
    await expect.poll(() => page.getByRole("article", { name: "You" }).getByText("Early").count()).toBe(1);
    await expect.poll(() => input(chat).inputValue()).toBe("And a draft");
  });

  test("survives a second reload, and can be removed", async () => {
    const chat = await open();
    const { page } = chat;
    await page.route("**/api/providers", () => {});
    await page.reload();
    await input(chat).fill("Early");
    await page.keyboard.press("Enter");
    await page.reload();
    await input(chat).fill("Too early");
    await page.keyboard.press("Enter");
    const waiting = page.getByRole("list", { name: "Waiting messages" });
    await expect.poll(() => waiting.getByText("Will be sent when the page is ready").count()).toBe(2);
    await page.getByRole("button", { name: "Remove: Too early" }).click();
    await page.unroute("**/api/providers");
    await page.evaluate("dispatchEvent(new Event('online'))");
    await expect.poll(() => chat.answers.count()).toBe(1);
    await expect(waiting).toBeHidden();
  });
});

describe("the focus", () => {
  test("is in the message box on arrival, in a new session, and after clearing", async () => {
    const chat = await open();
    await chat.page.reload();
    await expect.poll(() => focused(chat)).toBe("Message");
    await chat.page.keyboard.type("Hello");
    await chat.page.keyboard.press("Enter");
    await expect(chat.answers.first()).toBeVisible();
    await chat.page.getByRole("button", { name: "Clear session" }).click();
    await expect.poll(() => focused(chat)).toBe("Message");
    await chat.page.getByRole("button", { name: "New session" }).click();
    await expect.poll(() => focused(chat)).toBe("Message");
  });

  test("stays when the button or the field that had it is gone", async () => {
    const chat = await open();
    const press = (name: string | RegExp) => chat.page.getByRole("button", { name }).first().press("Enter");
    await input(chat).fill("Hello");
    await press("Send");
    await expect(chat.answers.first()).toBeVisible();
    await expect.poll(() => focused(chat)).toBe("Message");
    await press("Edit message");
    await expect.poll(() => focused(chat)).toBe("Edited message");
    await chat.page.keyboard.press("Escape");
    await expect.poll(() => focused(chat)).toBe("Edit message");
    await press(/^X-ray: 1 message/);
    await press("What will be sent next");
    await expect.poll(() => focused(chat)).toBe("Context report");
    await press("Close X-ray");
    await expect.poll(() => focused(chat)).toBe("Message");
  });

  test("goes to the message box when the button that had it is gone or disabled", async () => {
    const chat = await open();
    const { page } = chat;
    const presses = async (name: string) => {
      await page.getByRole("button", { name, exact: true }).press("Enter");
      await expect.poll(() => focused(chat)).toBe("Message");
    };
    await send(chat, script({ words: 10, delayMs: 5, errorAfter: 3 }));
    await presses("Try again");
    await expect(page.getByRole("button", { name: "Try again" })).toBeVisible();
    await send(chat, script({ words: 2_000, delayMs: 30 }));
    await presses("Stop");
    await expect(page.getByRole("button", { name: "Stop" })).toBeHidden();
    await presses("Clear session");
    await presses("Undo");
    await expect(chat.answers.first()).toBeVisible();
    const other = await page.context().newPage();
    await other.goto(page.url());
    await other.getByRole("button", { name: "Clear session" }).click();
    await presses("Put them back");
  });

  test("stays in the dialog when the button that had it is gone", async () => {
    const chat = await open();
    const press = (name: string) => chat.page.getByRole("button", { name, exact: true }).press("Enter");
    await press("Notes");
    await expect.poll(() => focused(chat)).toBe("New note");
    await chat.page.getByRole("textbox", { name: "New note" }).fill("My dog is Rex");
    await press("Keep");
    await expect.poll(() => focused(chat)).toBe("New note");
    await press("Delete note");
    await expect(chat.page.getByText("No notes yet.")).toBeVisible();
    await expect.poll(() => focused(chat)).toBe("New note");
  });

  test("goes to the next session of the list when one is deleted", async () => {
    const chat = await open();
    await chat.say("The first of two");
    await chat.page.getByRole("button", { name: "New session" }).click();
    await chat.say("The second of two");
    await chat.page.getByRole("button", { name: "Actions for The first of two" }).focus();
    await chat.page.keyboard.press("Enter");
    await chat.page.getByRole("button", { name: "Delete", exact: true }).press("Enter");
    await expect
      .poll(() => chat.page.evaluate<string>("document.activeElement.className"))
      .toBe("session-link");
  });
});

test("shows in high contrast what is chosen", async () => {
  const chat = new ChatPage(await stack.open({ forcedColors: "active" }));
  await chat.memory("Stateful");
  const background = (name: string) =>
    chat.page.evaluate<string>(
      `getComputedStyle([...document.querySelectorAll(".segment")].find((it) => it.textContent.includes("${name}"))).backgroundColor`,
    );
  await expect.poll(() => background("Stateful")).not.toBe(await background("Stateless"));
});

test.each([
  { width: 720, height: 450 },
  { width: 768, height: 1024 },
])("leaves room for the conversation at $width × $height", async (viewport) => {
  const chat = new ChatPage(await stack.open({ viewport }));
  const box = await chat.page.getByRole("log", { name: "Conversation" }).boundingBox();
  expect(box?.width).toBeGreaterThan(700);
  expect(box?.height).toBeGreaterThan(viewport.height * 0.5);
  await expect
    .poll(() => chat.page.evaluate("document.documentElement.scrollWidth <= innerWidth"))
    .toBe(true);
});

test("moves the context window by keyboard over its whole range", async () => {
  const chat = await open();
  const slider = chat.page.getByRole("slider", { name: "Context window" });
  const value = () => slider.getAttribute("aria-valuetext");
  await slider.focus();
  await chat.page.keyboard.press("Home");
  await expect.poll(() => value()).toBe("64 tokens");
  const seen = new Set<string | null>();
  while (!seen.has(await value())) {
    seen.add(await value());
    await chat.page.keyboard.press("ArrowRight");
  }
  await expect.poll(() => value()).toBe("272,000 tokens");
  expect(seen.size).toBeGreaterThan(40);
});

test("renders formulas as MathML, and keeps the source of those it cannot parse", async () => {
  const chat = await open();
  const answer = "Energy \\(E = mc^2\\), and \\[ \\frac{1}{2 \\] as it was. It costs $5.";
  await chat.say(script({ pieces: [...answer] }));
  await expect(chat.answers.last().locator("math")).toBeVisible();
  const text = await chat.answers.last().innerText();
  expect(text).toContain("\\frac{1}{2");
  expect(text).toContain("It costs $5.");
});
