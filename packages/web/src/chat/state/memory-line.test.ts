import type { ContextReport } from "@redis-memory-magic/protocol";
import { expect, test } from "vitest";
import { countSent, lineOfNextTurn, lineOfTurn } from "./memory-line.ts";

const messages = ["m1", "m2", "m3", "m4"].map((id) => ({
  key: `key-${id}`,
  id,
  role: "user" as const,
  delivery: "stored" as const,
  turn: undefined,
}));

function report(
  sentIds: (string | null)[],
  left_out: ContextReport["left_out"] = [],
  context_window = 4096,
): ContextReport {
  const payload = sentIds.map((message_id) => ({
    role: "user" as const,
    content: "",
    tokens: 1,
    message_id,
  }));
  return {
    messages: [{ role: "system", content: "Be short.", tokens: 3, message_id: null }, ...payload],
    parts: [],
    left_out,
    normalized: [],
    intact: true,
    hash: "",
    context_window,
    budget: context_window,
    tokens: { counted: 0, estimated: true, reported: null, cached: null, output: null },
    cost: null,
    times: { started_at: "", first_token_ms: null, total_ms: null, tokens_per_second: null },
    request: null,
  };
}
const leftOut = (reason: "stateless" | "window", messages: number) => ({ reason, messages });

test("draws the whole line with memory on and enough room", () => {
  const line = lineOfNextTurn(messages, "stateful", report(["m1", "m2", "m3", "m4", null]));
  expect([...line.sent]).toEqual(["key-m1", "key-m2", "key-m3", "key-m4"]);
  expect(line.rule).toBeNull();
});

test("sends nothing stored with memory off, and puts the rule after the last message", () => {
  const line = lineOfNextTurn(messages, "stateless", report([null], [leftOut("stateless", 4)]));
  expect(line.sent.size).toBe(0);
  expect(line.rule).toEqual({ before: null, text: "Stored in Redis, not sent: memory is off" });
  expect(lineOfNextTurn([], "stateless", null).rule).toBeNull();
});

test("follows the switch before the server has counted", () => {
  expect(lineOfNextTurn(messages, "stateful", null).sent.size).toBe(4);
  expect(lineOfNextTurn(messages, "stateless", null).sent.size).toBe(0);
});

test("starts the line at the first message that fits", () => {
  const line = lineOfNextTurn(messages, "stateful", report(["m3", "m4", null], [leftOut("window", 2)], 512));
  expect([...line.sent]).toEqual(["key-m3", "key-m4"]);
  expect(line.rule?.before).toBe("key-m3");
  expect(line.rule?.text).toContain("512 tokens");
});

const recall = (...message_ids: string[]): ContextReport["parts"][number] => {
  const search = { hits: [], searched: 2, total: 2, matched: 1, ms: 0.1 };
  return { kind: "recall", tokens: 5, message_ids, ...search };
};

test("marks what is outside the window and sent nevertheless", () => {
  const some = { ...report(["m3", "m4", null], [leftOut("window", 1)]), parts: [recall("m1")] };
  for (const line of [lineOfNextTurn(messages, "stateful", some), lineOfTurn(messages, "t", some)]) {
    expect([...line.recalled]).toEqual(["key-m1"]);
    expect([...line.sent]).toEqual(["key-m3", "key-m4"]);
    expect(line.rule).toMatchObject({
      before: "key-m3",
      text: expect.stringContaining("1 message did not fit"),
    });
  }
  const all = { ...report(["m3", "m4", null]), parts: [recall("m1", "m2")] };
  const line = lineOfNextTurn(messages, "stateful", all);
  expect([...line.recalled]).toEqual(["key-m1", "key-m2"]);
  expect(line.rule?.text).toContain("is recalled");
  expect(lineOfNextTurn(messages, "stateless", all).recalled.size).toBe(0);
});

test("puts the rule after the last message if nothing old fits", () => {
  const line = lineOfNextTurn(messages, "stateful", report([null], [leftOut("window", 4)]));
  expect(line.sent.size).toBe(0);
  expect(line.rule?.before).toBeNull();
});

test("includes messages newer than the report", () => {
  const newer = {
    key: "key-m5",
    id: "m5",
    role: "user" as const,
    delivery: "stored" as const,
    turn: undefined,
  };
  const line = lineOfNextTurn(
    [...messages, newer],
    "stateful",
    report(["m3", "m4", null], [leftOut("window", 2)]),
  );
  expect(line.sent.has("key-m5")).toBe(true);
});

test("includes a running turn's messages in both modes, refused ones never", () => {
  const running = {
    key: "running",
    id: null,
    role: "user" as const,
    delivery: "on-its-way" as const,
    turn: undefined,
  };
  const refused = {
    key: "refused",
    id: null,
    role: "user" as const,
    delivery: "refused" as const,
    turn: undefined,
  };
  for (const mode of ["stateful", "stateless"] as const) {
    const line = lineOfNextTurn([...messages, refused, running], mode, null);
    expect(line.sent.has("running")).toBe(true);
    expect(line.sent.has("refused")).toBe(false);
  }
  expect(lineOfNextTurn([...messages, running], "stateless", null).rule?.before).toBe("running");
});

test("shows only its own question for a stateless answer", () => {
  const line = lineOfTurn(messages, "t", report(["m3"], [leftOut("stateless", 2)]));
  expect([...line.sent]).toEqual(["key-m3"]);
  expect(line.rule?.before).toBe("key-m3");
});

test("excludes what came after an answer", () => {
  const line = lineOfTurn(messages, "t", report(["m1"]));
  expect([...line.sent]).toEqual(["key-m1"]);
  expect(line.rule).toBeNull();
});

test("does not count the system prompt as a message", () => {
  expect(countSent(report(["m1", null]))).toBe(2);
  const joined = { ...report([null]), normalized: [{ change: "joined" as const, messages: 3 }] };
  expect(countSent(joined)).toBe(4);
});

test("leaves out messages that Redis no longer has", () => {
  const gone = messages.map((message) => ({ ...message, delivery: "gone" as const }));
  expect(lineOfNextTurn(gone, "stateful", null).sent.size).toBe(0);
  expect(lineOfNextTurn(gone, "stateless", null).rule).toBeNull();
});
