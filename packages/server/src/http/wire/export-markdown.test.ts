import type { Item, Message } from "@redis-memory-magic/memory";
import { expect, test } from "vitest";
import { archivedSession } from "../../../test/archived-session.ts";
import type { TurnRecord } from "../../chat/stored-session.ts";
import { exportMarkdown } from "./export-markdown.ts";

const date = new Date("2026-11-23T10:00:00.500Z");
const message = (role: Message["role"], content: string, more: Partial<Message> = {}) => ({
  id: "1",
  role,
  content,
  createdAt: date,
  ...more,
});
const turn: TurnRecord = {
  id: "t",
  status: "failed",
  userIndex: 0,
  answerIndex: 1,
  inputCount: 1,
  outputCount: 1,
  startedAt: date,
  endedAt: date,
  info: { mode: "stateful", provider: "chatgpt", model: "m\n# out <b> ![x](y)" },
};

async function markdown(messages: readonly (Item | null)[], title: string | null = null) {
  const turns = new Map([["t", turn]]);
  async function* items() {
    yield { messages, turns };
  }
  const session = { id: "a](b)\n# out <b>", title, count: messages.length };
  const archive = archivedSession({ items }, session);
  return (await Array.fromAsync(exportMarkdown(archive, () => "Cloud (ChatGPT)"))).join("");
}

/** The lines that stand neither in a fence nor in a quotation, by the rules of CommonMark for both. */
function linesOutside(text: string): string[] {
  const outside: string[] = [];
  let fence: string | undefined;
  for (const line of text.split(/\r\n|\r|\n/)) {
    const [, run = ""] = /^ {0,3}(`{3,})/.exec(line) ?? [];
    if (fence !== undefined) {
      if (run.length >= fence.length && line.trim() === run) fence = undefined;
    } else if (run !== "") {
      fence = run;
    } else if (!line.startsWith(">") && line !== "") {
      outside.push(line);
    }
  }
  expect(fence).toBeUndefined();
  return outside;
}

test.each([
  "# out\n---\n\n- out",
  "```\n# out\n```",
  "````text\n# out",
  "a\r```\r# out\r\n# out",
  "`` ` ``````````\n# out",
  "~~~\n# out",
  "\n\n# out\n\n",
  "> out\n\nout",
  "out\n===",
  "",
])("%j does not get out of its message", async (content) => {
  const call = { id: "1", name: `f\n${content}`, arguments: content };
  const text = await markdown([
    message("user", content),
    message("assistant", content, { turnId: "t", toolCalls: [call] }),
    message("tool", content),
    message("system", content),
    null,
  ]);
  expect(linesOutside(text)).toEqual([
    "# a\\](b) \\# out \\<b\\>",
    "Session a\\](b) \\# out \\<b\\>, begun 2026-11-23 10:00:00 UTC, last used 2026-11-23 10:00:00 UTC",
    "## User, 2026-11-23 10:00:00 UTC",
    "## Assistant, 2026-11-23 10:00:00 UTC",
    "stateful, Cloud (ChatGPT), m \\# out \\<b\\> \\!\\[x\\](y), failed",
    "## Tool, 2026-11-23 10:00:00 UTC",
    "## System, 2026-11-23 10:00:00 UTC",
  ]);
});

test.each([
  "</blockquote><h1>out",
  "<!-- out",
  "<img\nsrc=x onerror=alert(1)>",
  "![x](https://example.com/x.png)",
  "![x][1]",
  "[x](javascript:alert(1))",
  "[x](&#106;avascript:alert(1))",
  "[x][1]\n\n- [1]: javascript:alert(1)",
])("an answer with %j is shown as it is, not as Markdown", async (content) => {
  expect(await markdown([message("assistant", content)])).toContain(`\n\`\`\`text\n${content}\n\`\`\`\n`);
});

test("any other answer is shown as the Markdown that it is", async () => {
  const answer = "**Yes**, `a < b`:\n\n- [one](https://example.com)\n- two\n\n```js\nx[0]\n```";
  expect(await markdown([message("assistant", answer)])).toContain(
    "\n> **Yes**, `a < b`:\n> \n> - [one](https://example.com)\n> - two\n> \n> ```js\n> x[0]\n> ```\n",
  );
});

test("a message of nothing but backticks is not too long a list of them", async () => {
  const text = await markdown([message("user", "`a".repeat(500_000))]);
  expect(text).toContain("\n```text\n`a");
});

test("a title is one line of text", async () => {
  expect(await markdown([], "T\n# out\n<script> `x`")).toMatch(/^# T \\# out \\<script\\> \\`x\\`\n/);
});

test("an item of an unknown type has it as its heading, whatever its name", async () => {
  const items = ["web_search", "constructor"].map((type) => ({
    id: "1",
    type,
    content: "x",
    createdAt: date,
  }));
  expect((await markdown(items)).match(/^## [^,]+/gm)).toEqual(["## web\\_search", "## constructor"]);
});
