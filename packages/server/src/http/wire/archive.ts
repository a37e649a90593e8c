import type { SessionInfo, Item as StoredItem } from "@redis-memory-magic/memory";
import {
  type ArchivedTurn,
  EXPORT_FORMAT,
  EXPORT_VERSION,
  type Item,
  type SessionExport,
} from "@redis-memory-magic/protocol";
import type { ModelSettings } from "../../chat/model-settings.ts";
import { settingsIn } from "../../chat/session-settings.ts";
import type { EndedTurn, ImportedTurn } from "../../chat/stored-session.ts";
import type { SentContext, TurnInfo } from "../../chat/turn-info.ts";
import { fromItem, toForkPoint, toItem } from "./session.ts";

/** Returns the head of an export: everything except its lists. */
export function toExportHead(session: SessionInfo): Omit<SessionExport, "messages" | "turns" | "blobs"> {
  const settings = settingsIn(session.metadata);
  return {
    format: EXPORT_FORMAT,
    version: EXPORT_VERSION,
    session: {
      id: session.id,
      title: session.title,
      created_at: session.createdAt.toISOString(),
      updated_at: session.updatedAt.toISOString(),
      ttl_seconds: session.ttlSeconds,
      root_id: session.rootId,
      forked_from: toForkPoint(session.forkedFrom),
      ...(Object.keys(settings).length > 0 && { settings }),
    },
  };
}

export function toArchivedTurn(turn: EndedTurn): ArchivedTurn {
  const { mode, provider, model, system, settings, client, lacks, ...rest } = turn.info;
  const { sent, tokens, durations, error, finish, cut, ...others } = rest;
  // A new field must be added here and in `fromArchivedTurn`, or an export would lose it.
  others satisfies Record<string, never>;
  return {
    id: turn.id,
    status: turn.status,
    user_place: turn.userIndex,
    answer_place: turn.answerIndex,
    started_at: turn.startedAt.toISOString(),
    ended_at: turn.endedAt?.toISOString() ?? null,
    mode,
    provider,
    model,
    ...(system !== undefined && { system }),
    ...(settings && { settings }),
    ...(client && { client }),
    ...(lacks && { lacks: [...lacks] }),
    ...(sent && { sent: toSent(sent) }),
    ...(tokens && { tokens }),
    ...(durations && { times: { first_token_ms: durations.firstText, total_ms: durations.total } }),
    ...(error && { error }),
    ...(finish && { finish_reason: finish }),
    ...(cut && { cut: { reason: cut.reason, context_window: cut.window } }),
    ...(turn.inputCount !== 1 && { input_count: turn.inputCount }),
    ...(turn.outputCount > 1 && { output_count: turn.outputCount }),
    ...(turn.replacedText !== undefined && { replaced_response: turn.replacedText }),
    ...(turn.replacedItems && {
      replaced_output: turn.replacedItems.map((replaced) => toItem(replaced, new Map())),
    }),
  };
}

export function fromArchivedTurn(turn: ArchivedTurn): ImportedTurn {
  return {
    id: turn.id,
    status: turn.status,
    userIndex: turn.user_place,
    answerIndex: turn.answer_place,
    startedAt: new Date(turn.started_at),
    endedAt: turn.ended_at === null ? null : new Date(turn.ended_at),
    info: toInfo(turn),
    ...(turn.input_count !== undefined && { inputCount: turn.input_count }),
    ...(turn.output_count !== undefined && turn.answer_place !== null && { outputCount: turn.output_count }),
    ...(turn.replaced_response !== undefined && { replacedText: turn.replaced_response.toWellFormed() }),
    ...(turn.replaced_output && { replacedItems: turn.replaced_output.map(toReplacedItem) }),
  };
}

/** A message is of the type `message`, as the API shows it. */
function toReplacedItem({ type, created_at, ...fields }: Item): StoredItem {
  const item = fromItem({ ...fields, ...(type !== "message" && { type }) });
  return { content: "", ...item, id: fields.id, createdAt: new Date(created_at) } as StoredItem;
}

function toInfo(turn: ArchivedTurn): TurnInfo {
  const { mode, provider, model, system, settings, client, lacks, sent, tokens } = turn;
  const { times, error, finish_reason, cut } = turn;
  return {
    mode,
    provider,
    model,
    ...(system !== undefined && { system }),
    ...(settings && { settings: settings as ModelSettings }),
    ...(client && { client }),
    ...(lacks && { lacks }),
    ...(sent && { sent: fromSent(sent) }),
    ...(tokens && { tokens }),
    ...(times && { durations: { firstText: times.first_token_ms, total: times.total_ms } }),
    ...(error && { error }),
    ...(finish_reason && { finish: finish_reason }),
    ...(cut && { cut: { reason: cut.reason, window: cut.context_window } }),
  };
}

type Sent = NonNullable<ArchivedTurn["sent"]>;

const toSent = ({ leftOut, window, ...sent }: SentContext): Sent => ({
  ...sent,
  left_out: leftOut,
  context_window: window,
});

const fromSent = ({
  left_out,
  context_window,
  recalled,
  notes,
  contents,
  recall,
  ...sent
}: Sent): SentContext => ({
  ...sent,
  ...(recalled && { recalled }),
  ...(notes && { notes }),
  ...(contents && { contents }),
  ...(recall && { recall }),
  leftOut: left_out,
  window: context_window,
});
