import { archivedTurn } from "@redis-memory-magic/protocol";
import { expect, test } from "vitest";
import type { ModelSettings } from "../../chat/model-settings.ts";
import type { SentNotes } from "../../chat/notes-block.ts";
import type { Recall, RecalledTurn } from "../../chat/recall.ts";
import type { Contents } from "../../chat/table-of-contents.ts";
import { decodeTurnInfo, encodeTurnInfo, type SentContext, type TurnInfo } from "../../chat/turn-info.ts";
import { fromArchivedTurn, toArchivedTurn } from "./archive.ts";

const recalled: Required<RecalledTurn> = {
  session: "pets",
  from: 4,
  to: 6,
  passage: { index: 5, from: 10, to: 200 },
  score: 3.25,
  similarity: 0.83,
  terms: [{ term: "cat", weight: 1.5 }],
};
const notes: Required<SentNotes> = { ids: ["note-1", "note-2"], total: 3 };
const contents: Required<Contents> = { listed: [2, 4], summary: 2, failed: undefined };
const recall: Required<Recall> = {
  turns: [recalled],
  searched: 10,
  total: 12,
  sessions: 2,
  matched: 3,
  ms: 0.5,
  failed: "late",
};
const sent: Required<SentContext> = {
  from: 6,
  messages: 3,
  leftOut: 6,
  recalled: 2,
  window: 512,
  budget: 384,
  hash: "0f8ed0080b5c4098",
  notes,
  contents,
  recall,
};
const settings: Required<ModelSettings> = {
  tools: [{ name: "now", description: "The time", parameters: { type: "object" }, strict: true }],
  toolChoice: { name: "now" },
  parallelToolCalls: false,
  responseFormat: {
    type: "json_schema",
    name: "a",
    schema: { type: "object" },
    description: "b",
    strict: true,
  },
  temperature: 0.5,
  topP: 0.9,
  seed: -1,
  maxOutputTokens: 100,
  stop: ["END"],
  reasoningEffort: "low",
};
// Every field: a new one has to be added here, and then in the schema of the archive.
const info: Required<TurnInfo> = {
  mode: "stateful",
  provider: "mirror",
  model: "mirror",
  system: "Be brief.",
  settings,
  client: { text: "kept" },
  lacks: ["images"],
  sent,
  tokens: { counted: 300, reported: 301, cached: 100, output: 20 },
  durations: { firstText: 12, total: 90 },
  error: { code: "provider_failed", detail: "It failed." },
  finish: "length",
  cut: { reason: "prompt_cut", window: 256 },
};
const turn = {
  id: "b4cf71f8e3500bc9",
  status: "completed",
  userIndex: 8,
  answerIndex: 9,
  inputCount: 1,
  outputCount: 1,
  startedAt: new Date("2026-11-27T12:00:00Z"),
  endedAt: new Date("2026-11-27T12:00:01Z"),
} as const;

const withOtherSettings: TurnInfo = {
  ...info,
  settings: { tools: [{ name: "now" }], toolChoice: "required", responseFormat: { type: "json_object" } },
};
const listing: TurnInfo = { ...info, sent: { ...sent, contents: { listed: [0, 2] } } };

test.each([info, listing, withOtherSettings])("Redis keeps all that is known of a turn", (info) => {
  expect(decodeTurnInfo(encodeTurnInfo(info))).toEqual(info);
});

test.each([info, listing, withOtherSettings])(
  "an export has all that is known of a turn, and an import reads all of it",
  (info) => {
    const archived = toArchivedTurn({ ...turn, info } as Parameters<typeof toArchivedTurn>[0]);
    const read = archivedTurn.parse(JSON.parse(JSON.stringify(archived)));
    expect(read).toEqual(archived);
    expect(fromArchivedTurn(read).info).toEqual(info);
  },
);
