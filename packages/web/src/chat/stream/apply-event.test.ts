import type { TurnEvent } from "@redis-memory-magic/protocol";
import { expect, test } from "vitest";
import { applyEvent, StreamGapError } from "./apply-event.ts";
import { lastEventId, newLiveTurn } from "./live-turn.ts";

const ids = { turn_id: "0123456789abcdef", session_id: "s" };
const started: TurnEvent = {
  event: "turn-started",
  id: "0",
  data: { ...ids, mode: "stateful", provider: "mirror", model: "mirror", message_count: 1, stored: true },
};
const delta = (text: string, lengthAfter: number): TurnEvent => ({
  event: "text-delta",
  id: String(lengthAfter),
  data: { ...ids, text },
});
const outcome = (response: string) => ({
  ...ids,
  response,
  mode: "stateful" as const,
  provider: "mirror" as const,
  message_count: 2,
  model: "mirror",
  status: "completed" as const,
  finish_reason: "complete" as const,
  usage: null,
  output: [],
  stored: true,
});

test("appends deltas and resumes after the text's length", () => {
  const turn = [started, delta("Hel", 3), delta("lo", 5)].reduce(applyEvent, newLiveTurn("s"));
  expect(turn).toMatchObject({ turnId: ids.turn_id, text: "Hello", phase: "streaming" });
  expect(lastEventId(turn)).toBe("5");
  expect(lastEventId(newLiveTurn("s"))).toBeNull();
});

test("drops what a resumed stream repeats, also in other pieces", () => {
  const events = [started, delta("Hel", 3), started, delta("Hel", 3), delta("Hello wor", 9), delta("ld", 11)];
  expect(events.reduce(applyEvent, newLiveTurn("s")).text).toBe("Hello world");
});

test("counts lengths in UTF-16 units, as the server does", () => {
  const turn = [started, delta("👩‍🚀", 5), delta("!", 6)].reduce(applyEvent, newLiveTurn("s"));
  expect(turn.text).toBe("👩‍🚀!");
});

test("shows a function call while its arguments arrive, and all that the turn ended with", () => {
  const item = (args: string) => ({
    type: "function_call",
    content: args,
    tool_calls: [{ id: "c", name: "look", arguments: args }],
  });
  const events: TurnEvent[] = [
    started,
    { event: "item-started", id: "1", data: { ...ids, item: item("") } },
    { event: "arguments-delta", id: "3", data: { ...ids, text: '{"' } },
    { event: "item-started", id: "1", data: { ...ids, item: item("") } },
    { event: "arguments-delta", id: "8", data: { ...ids, text: 'a":1}' } },
  ];
  const turn = events.reduce(applyEvent, newLiveTurn("s"));
  expect(turn.calls).toEqual([{ id: "c", name: "look", arguments: '{"a":1}' }]);
  const end = { ...outcome(""), output: [item("{}"), item("[]")] };
  const ended = applyEvent(turn, { event: "turn-completed", id: "9.end", data: end });
  expect(ended.calls.map(({ arguments: args }) => args)).toEqual(["{}", "[]"]);
});

test("goes on behind what is no text of the answer", () => {
  const item = { type: "reasoning", content: "" };
  const events: TurnEvent[] = [
    started,
    { event: "item-started", id: "1", data: { ...ids, item } },
    { event: "reasoning-delta", id: "5", data: { ...ids, text: "Hmm." } },
    { event: "item-done", id: "6", data: { ...ids, item } },
    { event: "item-started", id: "7", data: { ...ids, item: { type: "message", content: "" } } },
    delta("Hello", 12),
  ];
  const turn = events.reduce(applyEvent, newLiveTurn("s"));
  expect(turn).toMatchObject({ text: "Hello", phase: "streaming" });
  expect(lastEventId(turn)).toBe("12");
  expect(applyEvent(turn, events[2] as TurnEvent)).toEqual(turn);
});

test("collects what the model thinks, beside its text, and each piece once", () => {
  const thought = (text: string, position: number): TurnEvent => ({
    event: "reasoning-delta",
    id: String(position),
    data: { ...ids, text },
  });
  const events = [started, thought("Hm", 2), thought("m.", 4), thought("m.", 4), delta("Hi", 6)];
  const turn = events.reduce(applyEvent, newLiveTurn("s"));
  expect(turn).toMatchObject({ reasoning: "Hmm.", text: "Hi", position: 6 });
  expect(() => applyEvent(turn, thought("x", 9))).toThrow(StreamGapError);
});

test("messages of one answer stand one under the other", () => {
  const begin = (position: number): TurnEvent => ({
    event: "item-started",
    id: String(position),
    data: { ...ids, item: { type: "message", role: "assistant", content: "" } },
  });
  const events = [started, begin(1), delta("Hm.", 4), begin(6), begin(6), delta("So:", 9), delta("So:", 9)];
  expect(events.reduce(applyEvent, newLiveTurn("s"))).toMatchObject({ text: "Hm.\n\nSo:", position: 9 });
});

test("throws on a gap", () => {
  const turn = applyEvent(newLiveTurn("s"), started);
  expect(() => applyEvent(turn, delta("lo", 5))).toThrow(StreamGapError);
  expect(() => applyEvent(turn, { ...delta("lo", 5), id: "not a number" })).toThrow(StreamGapError);
});

test("shows thinking only before the first token", () => {
  const thinking: TurnEvent = { event: "turn-thinking", id: "0", data: ids };
  const turn = [started, thinking].reduce(applyEvent, newLiveTurn("s"));
  expect(turn.phase).toBe("thinking");
  expect([delta("Hi", 2), thinking].reduce(applyEvent, turn).phase).toBe("streaming");
});

test("takes the whole text and the outcome from the end", () => {
  const turn = applyEvent(newLiveTurn("s"), started);
  const data = { ...outcome("Hello"), code: "provider_failed", detail: "It failed. Try again." };
  const failed = applyEvent(turn, { event: "turn-failed", id: "5.end", data: { ...data, status: "failed" } });
  expect(failed).toMatchObject({
    phase: "ended",
    text: "Hello",
    end: { status: "failed", code: "provider_failed", detail: "It failed. Try again." },
  });
  const done = applyEvent(turn, { event: "turn-completed", id: "5.end", data: outcome("Hello") });
  expect(done.end).toMatchObject({ status: "completed" });
});
