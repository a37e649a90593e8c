import {
  type ArchivedTurn,
  EXPORT_FORMAT,
  EXPORT_VERSION,
  type SessionExport,
} from "@redis-memory-magic/protocol";
import type { EndedTurn, StoredSession, TurnInfo } from "../chat/conversations.ts";
import { toForkPoint } from "./session-wire.ts";

/** What an export begins with, before its messages and turns. */
export const toExportHead = (session: StoredSession): Omit<SessionExport, "messages" | "turns"> => ({
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
  },
});

export function toArchivedTurn(turn: EndedTurn): ArchivedTurn {
  const { mode, provider, model, system, sent, tokens, ms, error, finish, ...others } = turn.info;
  // A field that is new has to be told here and in fromArchivedTurn, or an export would lose it.
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
    ...(sent && { sent: toSent(sent) }),
    ...(tokens && {
      tokens: { counted: tokens[0], reported: tokens[1], cached: tokens[2], output: tokens[3] },
    }),
    ...(ms && { times: { first_token_ms: ms[0], total_ms: ms[1] } }),
    ...(error && { error: { code: error[0], detail: error[1] } }),
    ...(finish && { finish_reason: finish }),
    ...(turn.replacedText !== undefined && { replaced_response: turn.replacedText }),
  };
}

export function fromArchivedTurn(turn: ArchivedTurn): EndedTurn {
  return {
    id: turn.id,
    status: turn.status,
    userIndex: turn.user_place,
    answerIndex: turn.answer_place,
    startedAt: new Date(turn.started_at),
    endedAt: turn.ended_at === null ? null : new Date(turn.ended_at),
    info: toInfo(turn),
    ...(turn.replaced_response !== undefined && { replacedText: turn.replaced_response.toWellFormed() }),
  };
}

function toInfo(turn: ArchivedTurn): TurnInfo {
  const { mode, provider, model, system, sent, tokens, times, error, finish_reason } = turn;
  return {
    mode,
    provider,
    model,
    ...(system !== undefined && { system }),
    ...(sent && { sent: fromSent(sent) }),
    ...(tokens && { tokens: [tokens.counted, tokens.reported, tokens.cached, tokens.output] }),
    ...(times && { ms: [times.first_token_ms, times.total_ms] }),
    ...(error && { error: [error.code, error.detail] }),
    ...(finish_reason && { finish: finish_reason }),
  };
}

type Sent = NonNullable<ArchivedTurn["sent"]>;
type StoredSent = NonNullable<TurnInfo["sent"]>;

const toSent = ([from, messages, left_out, context_window, budget, hash]: StoredSent): Sent => ({
  from,
  messages,
  left_out,
  context_window,
  budget,
  hash,
});

const fromSent = ({ from, messages, left_out, context_window, budget, hash }: Sent): StoredSent => [
  from,
  messages,
  left_out,
  context_window,
  budget,
  hash,
];
