import { expect, test } from "vitest";
import { logLevels, messageOf, parseLogLine, renderLogLine } from "./log-line.ts";

const plain = (_code: number, text: string) => text;
const TIME = new Date(2026, 10, 23, 14, 3, 5).getTime();

test.each(["", "plain text", "{not json", '{"msg":"no level"}', '{"level":30}', "[1]"])(
  "%j is no line of the log",
  (text) => {
    expect(parseLogLine(text)).toBeUndefined();
  },
);

test("what went well is a time and a sentence; the rest has its fields", () => {
  const line = { time: TIME, provider: "mirror", usage: { output_tokens: 4 } };
  expect(renderLogLine({ ...line, level: 30, msg: "answered" }, plain)).toBe("14:03:05  answered");
  const warning = { ...line, level: 40, msg: "failed", err: { message: "why" } };
  expect(renderLogLine(warning, plain)).toBe("14:03:05  failed: why  provider=mirror");
});

test("nothing in a line steers the terminal", () => {
  const line = { level: 40, time: TIME, msg: "\x1b]0;title\x07", session_id: "a\x1b[2Jb\u009b31m" };
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  expect(renderLogLine(line, plain)).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
});

test("a message with its cause, once", () => {
  expect(messageOf({ level: 60, msg: "It broke", err: { message: "disk full" } })).toBe(
    "It broke: disk full",
  );
  expect(messageOf({ level: 60, msg: "It broke", err: { message: "It broke" } })).toBe("It broke");
});

test.each([
  [undefined, { ran: undefined, shown: 30 }],
  ["", { ran: "", shown: 30 }],
  ["debug", { ran: "debug", shown: 20 }],
  ["warn", { ran: "info", shown: 40 }],
  ["silent", { ran: "info", shown: 100 }],
  ["loud", { ran: "loud", shown: 30 }],
])("LOG_LEVEL=%s", (wanted, levels) => {
  expect(logLevels(wanted)).toEqual(levels);
});
