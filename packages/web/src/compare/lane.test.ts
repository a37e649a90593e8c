import { expect, test } from "vitest";
import type { ShownMessage } from "../chat/state/shown-message.ts";
import {
  choiceOf,
  cumulativeTokens,
  firstLanes,
  LANE_MEMORIES,
  laneName,
  newLane,
  nextMemory,
} from "./lane.ts";

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
  expect([without?.memory, withMemory?.memory]).toEqual(["stateless", "recall"]);
  expect(without?.conversation.sessionId).not.toBe(withMemory?.conversation.sessionId);
  expect(without && laneName(without, [])).toBe("Memory off · mirror");
});

test("adds a lane for each way to remember, and gives all but one the small window", () => {
  const group = "compare-abcdef";
  const choice = { mode: "stateless", provider: "mirror" } as const;
  const lanes = firstLanes(choice, group);
  while (lanes.length < LANE_MEMORIES.length) lanes.push(newLane(choice, nextMemory(lanes), group));
  expect(lanes.map(({ memory }) => memory)).toEqual(LANE_MEMORIES);
  expect(
    lanes.map((lane) => {
      const { mode, memory, contextTokens } = choiceOf(lane, 512);
      return [mode, memory, contextTokens];
    }),
  ).toEqual([
    ["stateless", undefined, 512],
    ["stateful", "recall", 512],
    ["stateful", "window", 512],
    ["stateful", "summary", 512],
    ["stateful", "recall+summary", 512],
    ["stateful", "window", undefined],
  ]);
});
