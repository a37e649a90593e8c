import type { ContextReport } from "@redis-memory-magic/protocol";
import { expect, test } from "vitest";
import { countSent, lineOfNextTurn, lineOfTurn, sendingSummary } from "./memory-line.ts";

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
    left_out,
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

test("with memory on and room enough the line is whole", () => {
  const line = lineOfNextTurn(messages, "stateful", report(["m1", "m2", "m3", "m4", null]));
  expect([...line.sent]).toEqual(["key-m1", "key-m2", "key-m3", "key-m4"]);
  expect(line.rule).toBeNull();
});

test("with memory off nothing stored is sent, and the rule stands after the last message", () => {
  const line = lineOfNextTurn(messages, "stateless", report([null], [leftOut("stateless", 4)]));
  expect(line.sent.size).toBe(0);
  expect(line.rule).toEqual({ before: null, text: "Stored in Redis, not sent: memory is off" });
  expect(lineOfNextTurn([], "stateless", null).rule).toBeNull();
});

test("the toggle moves the line before the server has counted", () => {
  expect(lineOfNextTurn(messages, "stateful", null).sent.size).toBe(4);
  expect(lineOfNextTurn(messages, "stateless", null).sent.size).toBe(0);
});

test("where the window is full the line starts at the first message that fits", () => {
  const line = lineOfNextTurn(messages, "stateful", report(["m3", "m4", null], [leftOut("window", 2)], 512));
  expect([...line.sent]).toEqual(["key-m3", "key-m4"]);
  expect(line.rule?.before).toBe("key-m3");
  expect(line.rule?.text).toContain("512 tokens");
});

test("where nothing old fits the rule stands after the last message that was left out", () => {
  const line = lineOfNextTurn(messages, "stateful", report([null], [leftOut("window", 4)]));
  expect(line.sent.size).toBe(0);
  expect(line.rule?.before).toBeNull();
});

test("messages newer than the report are sent as well", () => {
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

test("a running turn's messages are on the line in both modes, refused ones never", () => {
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

test("a stateless answer in the middle was sent its own question alone", () => {
  const line = lineOfTurn(messages, "t", report(["m3"], [leftOut("stateless", 2)]));
  expect([...line.sent]).toEqual(["key-m3"]);
  expect(line.rule?.before).toBe("key-m3");
});

test("an answer is not shown as sent what came after it", () => {
  const line = lineOfTurn(messages, "t", report(["m1"]));
  expect([...line.sent]).toEqual(["key-m1"]);
  expect(line.rule).toBeNull();
});

test("the system prompt is no message of the conversation", () => {
  expect(countSent(report(["m1", null]))).toBe(2);
});

test("what sending will do, in words", () => {
  expect(sendingSummary(1)).toBe("Sends this message alone");
  expect(sendingSummary(5)).toBe("Sends these 5 messages");
});
