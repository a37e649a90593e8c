import { expect, test } from "vitest";
import type { Conversation } from "../chat/state/conversation.ts";
import type { ConversationState } from "../chat/state/conversation-state.ts";
import { Store } from "../ui/store.ts";
import { LANE_MEMORIES, type Lane } from "./lane.ts";
import { sendToLanes } from "./send-to-lanes.ts";

const live = {} as ConversationState["live"];

/** Six lanes whose turns end when the test says so; `started` has the places of those that were sent the message. */
function sixLanes() {
  const started: number[] = [];
  const stores = LANE_MEMORIES.map(() => new Store({ live: null } as unknown as ConversationState));
  const lanes = LANE_MEMORIES.map((memory, index): Lane => {
    const conversation = {
      store: stores[index],
      isClosed: false,
      send: () => {
        started.push(index);
        stores[index]?.update({ live });
      },
    } as unknown as Conversation;
    return { key: memory, memory, choice: { mode: "stateful", provider: "mirror" }, conversation };
  });
  return { lanes, started, end: (index: number) => stores[index]?.update({ live: null }) };
}

test("sends a message in four lanes at once, and in the next when one has settled", async () => {
  const { lanes, started, end } = sixLanes();
  const sent = sendToLanes(lanes, "Hi", { window: undefined, signal: new AbortController().signal });
  expect(started).toEqual([0, 1, 2, 3]);
  end(2);
  await expect.poll(() => started).toEqual([0, 1, 2, 3, 4]);
  for (const index of [0, 1, 3, 4]) end(index);
  await expect.poll(() => started).toEqual([0, 1, 2, 3, 4, 5]);
  end(5);
  await sent;
});

test("sends nothing more after a stop, nor in a lane that was removed", async () => {
  const stop = new AbortController();
  const { lanes, started, end } = sixLanes();
  Object.assign(lanes[0]?.conversation ?? {}, { isClosed: true });
  const sent = sendToLanes(lanes, "Hi", { window: undefined, signal: stop.signal });
  await expect.poll(() => started).toEqual([1, 2, 3, 4]);
  stop.abort();
  for (const index of started) end(index);
  await sent;
  expect(started).toEqual([1, 2, 3, 4]);
});
