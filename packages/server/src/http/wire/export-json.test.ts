import type { Item } from "@redis-memory-magic/memory";
import { expect, test } from "vitest";
import { archivedSession } from "../../../test/archived-session.ts";
import type { EndedTurn } from "../../chat/stored-session.ts";
import { exportJson } from "./export-json.ts";

const date = new Date("2026-11-23T10:00:00.500Z");
const message: Item = { id: "1", role: "user", content: "Hi", createdAt: date };
const turn: EndedTurn = {
  id: "0123456789abcdef",
  status: "completed",
  userIndex: 0,
  answerIndex: null,
  inputCount: 1,
  outputCount: 1,
  startedAt: date,
  endedAt: date,
  info: { mode: "stateful", provider: "mirror", model: "mirror" },
};

async function* pages<Page>(...all: Page[]): AsyncGenerator<Page, void, void> {
  yield* all;
}

test.each<[readonly (readonly EndedTurn[])[], number]>([
  [[], 0],
  [[[]], 0],
  [[[turn], [turn]], 2],
  [[[], [turn], [], [turn]], 2],
])("is JSON whichever pages of turns can be read", async (turns, count) => {
  const archive = archivedSession({
    items: () => pages({ messages: [message], turns: new Map() }),
    turns: () => pages(...turns),
  });
  const read = JSON.parse((await Array.fromAsync(exportJson(archive))).join(""));
  expect(read.messages).toHaveLength(1);
  expect(read.turns).toHaveLength(count);
});
