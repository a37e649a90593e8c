import { expect, test } from "vitest";
import type { ShownMessage } from "../chat/state/shown-message.ts";
import { cumulativeTokens, firstLanes, laneName } from "./lane.ts";

const message = (turnId: string, sent?: number) =>
  ({
    turn: {
      id: turnId,
      mode: "stateful",
      provider: "mirror",
      model: "mirror",
      status: "completed",
      ...(sent !== undefined && { tokens: { sent, cached: 0, output: 0 } }),
    },
  }) as ShownMessage;

test("adds up tokens over the turns, each turn once", () => {
  expect(cumulativeTokens([message("a", 10), message("a", 10), message("b", 30), message("c")])).toEqual([
    10, 40,
  ]);
  expect(cumulativeTokens([])).toEqual([]);
});

test("starts with two lanes that differ only in memory", () => {
  const [without, withMemory] = firstLanes({ mode: "stateful", provider: "mirror" }, "compare-abcdef");
  expect([without?.choice.mode, withMemory?.choice.mode]).toEqual(["stateless", "stateful"]);
  expect(without?.conversation.sessionId).not.toBe(withMemory?.conversation.sessionId);
  expect(without && laneName(without, [])).toBe("Memory off · mirror");
});
