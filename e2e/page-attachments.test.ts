import { crc32 } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ChatPage } from "./chat-page.ts";
import { type Stack, startStack } from "./stack.ts";

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ MAX_IMAGE_BYTES: "60000" });
});
afterAll(() => stack?.stop());

type Size = { viewport?: { width: number; height: number } };

async function open(provider = /^Mirror/, size: Size = {}): Promise<ChatPage> {
  const chat = new ChatPage(await stack.open({ viewport: { width: 1440, height: 900 }, ...size }));
  await chat.memory("Stateful");
  await chat.provider(provider);
  return chat;
}

const draftImages = ({ page }: ChatPage) =>
  page.locator("form.composer").getByRole("list", { name: "Attachments" }).getByRole("img");
const sentImages = ({ page }: ChatPage) =>
  page.getByRole("article", { name: "You" }).getByRole("list", { name: "Attachments" }).getByRole("img");
const input = ({ page }: ChatPage) => page.getByRole("textbox", { name: "Message" });

/** Draws an image in the browser: plain, or noise that cannot be compressed. Returns a PNG in Base64. */
const drawn = (chat: ChatPage, width: number, height: number, isNoise = false): Promise<string> =>
  chat.page.evaluate(`(() => {
    const canvas = Object.assign(document.createElement("canvas"), { width: ${width}, height: ${height} });
    const context = canvas.getContext("2d");
    context.fillStyle = "#a3c";
    context.fillRect(0, 0, ${width / 2}, ${height});
    if (${isNoise}) {
      const pixels = context.createImageData(${width}, ${height});
      for (let at = 0; at < pixels.data.length; at++) pixels.data[at] = Math.random() * 256;
      context.putImageData(pixels, 0, 0);
    }
    return canvas.toDataURL("image/png").replace(/^[^,]*,/, "");
  })()`);
const file = (name: string, mimeType: string, base64: string) => ({
  name,
  mimeType,
  buffer: Buffer.from(base64, "base64"),
});
const text = (name: string, content: string) =>
  file(name, "text/plain", Buffer.from(content).toString("base64"));

/** Adds a comment to a PNG, before its last chunk. */
function withComment(base64: string, comment: string): string {
  const png = Buffer.from(base64, "base64");
  const chunk = Buffer.from(`tEXtComment\0${comment}`, "latin1");
  const length = Buffer.alloc(4);
  length.writeUInt32BE(chunk.length - 4);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(chunk));
  const END_BYTES = 12;
  return Buffer.concat([
    png.subarray(0, -END_BYTES),
    ...[length, chunk, checksum],
    png.subarray(-END_BYTES),
  ]).toString("base64");
}

/** Gives an image to the page as a paste or a drop does. */
const give = (chat: ChatPage, kind: "paste" | "drop", base64: string, name: string) =>
  chat.page.evaluate(`(() => {
    const data = new DataTransfer();
    const bytes = Uint8Array.from(atob("${base64}"), (letter) => letter.charCodeAt(0));
    data.items.add(new File([bytes], "${name}", { type: "image/png" }));
    const how = { bubbles: true, cancelable: true };
    document.querySelector("form.composer textarea").dispatchEvent(
      "${kind}" === "paste"
        ? new ClipboardEvent("paste", { clipboardData: data, ...how })
        : new DragEvent("drop", { dataTransfer: data, ...how }),
    );
  })()`);

test("takes images by paste, drop and picker, and shows them in the line after a reload", async () => {
  const chat = await open();
  const small = await drawn(chat, 60, 40);
  await chat.attach(file("picked.png", "image/png", small));
  await expect(draftImages(chat).nth(0)).toBeVisible();
  await give(chat, "paste", small, "pasted.png");
  await expect(draftImages(chat).nth(1)).toBeVisible();
  await give(chat, "drop", small, "dropped.png");
  await expect(draftImages(chat).nth(2)).toBeVisible();
  await chat.page.getByRole("button", { name: "Remove pasted.png" }).click();
  await expect.poll(() => draftImages(chat).count()).toBe(2);
  expect(await chat.say("What is in these?")).toContain("I was sent 2 images");
  await expect.poll(() => draftImages(chat).count()).toBe(0);

  await chat.page.reload();
  await expect(sentImages(chat).nth(1)).toBeVisible();
  // Their places are there before they are fetched.
  const alternatives = () => sentImages(chat).evaluateAll((all) => all.map((it) => it.getAttribute("alt")));
  await expect.poll(alternatives).toEqual(["picked.png", "dropped.png"]);
  await chat.page.getByRole("button", { name: "Open picked.png" }).click();
  await expect(chat.page.getByRole("dialog", { name: "picked.png" }).getByRole("img")).toBeVisible();
  await chat.page.keyboard.press("Escape");
  // Asked again, as a branch: with its images.
  await chat.answers.first().hover();
  await chat.page.getByRole("button", { name: "Regenerate" }).click();
  await expect(chat.answers.getByText("I was sent 2 images")).toBeVisible();
  await expect.poll(() => sentImages(chat).count()).toBe(2);
});

test("scales a large image down, and removes what its file says beside it", async () => {
  const chat = await open();
  const large = await drawn(chat, 3_000, 1_000);
  await chat.attach(file("wide.png", "image/png", withComment(large, "taken at home")));
  await expect(draftImages(chat)).toBeVisible();
  const sizes = () =>
    draftImages(chat).evaluate((it: unknown) => {
      const { naturalWidth, naturalHeight } = it as Record<string, number>;
      return [naturalWidth, naturalHeight];
    });
  await expect.poll(sizes).toEqual([2048, 683]);
  const address = (await draftImages(chat).getAttribute("src")) ?? "";
  expect(Buffer.from(address.replace(/^[^,]*,/, ""), "base64").includes("taken at home")).toBe(false);
});

test("says why a file is not taken, and names the limit", async () => {
  const chat = await open();
  await chat.attach(file("noise.png", "image/png", await drawn(chat, 400, 400, true)));
  await expect(
    chat.page.getByText(/noise\.png: an image may have at most 60 kB, and this one has/),
  ).toBeVisible();
  await chat.attach(file("x.bin", "application/octet-stream", "AAEC/w=="));
  await expect(chat.page.getByText("x.bin: it is neither an image nor text.")).toBeVisible();
  await chat.attach(text("long.txt", "x".repeat(200_001)));
  await expect(
    chat.page.getByText(
      "long.txt: a text file may have at most 200,000 characters, and this one has 200,001.",
    ),
  ).toBeVisible();
  await expect.poll(() => draftImages(chat).count()).toBe(0);
});

test("takes no images for a model that does not see them, but text files", async () => {
  const chat = await open(/^Local/);
  // The page learns what the model takes with the list of models.
  await expect(chat.page.getByRole("button", { name: "Add text files" })).toBeVisible();
  await give(chat, "paste", await drawn(chat, 10, 10), "cat.png");
  await expect(chat.page.getByText(/cat\.png: the model llama3\.2:3b does not see images/)).toBeVisible();
  await chat.attach(text("notes.txt", "Zoe lives in Oslo."));
  await expect(chat.page.getByText("about 5 tokens")).toBeVisible();
  await chat.say("Where does Zoe live?");
  expect(JSON.stringify(stack.ollama.lastTurn.body)).toContain("Zoe lives in Oslo.");
  await chat.page.reload();
  await expect(chat.page.getByRole("article", { name: "You" }).getByText("notes.txt")).toBeVisible();
  const content = chat.page.getByRole("article", { name: "You" }).getByText("Zoe lives in Oslo.");
  await expect.poll(() => content.isVisible()).toBe(false);

  // An image that was added before the model was chosen.
  await chat.provider(/^Mirror/);
  await chat.attach(file("cat.png", "image/png", await drawn(chat, 10, 10)));
  await expect(draftImages(chat)).toBeVisible();
  await input(chat).fill("And this?");
  await chat.provider(/^Local/);
  await expect(
    chat.page.getByText(/does not see images\. Remove them, or choose another model/),
  ).toBeVisible();
  await expect.poll(() => chat.page.getByRole("button", { name: "Send" }).isDisabled()).toBe(true);
});

test("shows the functions that a model called, and their outputs, as cards", async () => {
  const messages = [
    { role: "user", content: "Weather in Rome?" },
    {
      role: "assistant",
      content: "",
      tool_calls: [{ id: "call_1", name: "weather", arguments: '{"city":"Rome"}' }],
    },
    { role: "tool", tool_call_id: "call_1", content: '{"sky":"clear"}' },
    { role: "assistant", content: "Clear sky." },
  ];
  await stack.send("POST", "/sessions/with-tools/messages", { messages });
  const chat = await open();
  await chat.page.waitForURL(/#\/s\//);
  await chat.page.goto(`${stack.url}/#/s/with-tools`);
  const card = (title: string) => chat.page.locator("details").filter({ hasText: title });
  await expect(card("Tool call weather").getByText('"city": "Rome"')).toBeVisible();
  await expect(chat.page.getByRole("article", { name: "Tool" }).getByText('"sky": "clear"')).toBeVisible();
  await expect(card("Tool output weather")).toBeVisible();
  await chat.say("And now?");

  stack.openai.scenario = {
    pieces: ["I look."],
    toolCalls: [{ id: "call_now", name: "now", arguments: ['{"zone"', ':"UTC"}'] }],
  };
  await chat.provider(/^Cloud/);
  await chat.say("What time is it?");
  await expect(card("Tool call now").getByText('"zone": "UTC"')).toBeVisible();
  await chat.page.reload();
  await expect(card("Tool call now").getByText('"zone": "UTC"')).toBeVisible();
});

/** Deletes the open session behind the page's back, as an expiry does. */
async function lose({ page }: ChatPage): Promise<void> {
  const id = page.url().split("#/s/")[1] ?? "";
  await fetch(`${stack.api}/sessions/${id}`, { method: "DELETE" });
  await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))");
  await expect(page.getByText("Redis no longer has these messages: they were deleted")).toBeVisible();
}

test("puts back the images that the page has shown, and says which it never had", async () => {
  const chat = await open();
  const { page } = chat;
  await chat.attach(file("cat.png", "image/png", await drawn(chat, 40, 30)));
  await expect(draftImages(chat)).toBeVisible();
  await chat.say("A cat");
  // From here on the page has only what it fetches.
  await page.reload();
  await expect(sentImages(chat)).toBeVisible();
  await lose(chat);
  await page.getByRole("button", { name: "Put them back" }).click();
  await expect(page.getByText("Redis no longer has these messages")).toBeHidden();
  await page.reload();
  await expect(sentImages(chat)).toBeVisible();

  await page.route("**/blobs/**", (route) => route.abort());
  await page.reload();
  await expect(page.getByRole("article", { name: "You" }).getByText("cat.png: ")).toBeVisible();
  await lose(chat);
  await page.getByRole("button", { name: "Put them back" }).click();
  await expect(
    page.getByText("Put back without 1 attachment: neither this page nor Redis has it any more."),
  ).toBeVisible();
  await expect(page.getByRole("article", { name: "You" }).getByText("A cat")).toBeVisible();
});
