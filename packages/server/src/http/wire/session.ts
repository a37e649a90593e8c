import type {
  ForkPoint,
  NewItem,
  SessionInfo,
  Item as StoredItem,
  Message as StoredMessage,
  NewMessage as UnstoredMessage,
} from "@redis-memory-magic/memory";
import type { ImportedMessage, Item, Message, NewMessage, Session } from "@redis-memory-magic/protocol";
import { toOutputItem } from "../../chat/output-item.ts";
import { tokensOf } from "../../chat/session-totals.ts";
import type { TurnRecord } from "../../chat/stored-session.ts";
import { truncationOf } from "../../chat/truncation.ts";
import { finishReasonOf } from "../../chat/turn-result.ts";

export const toSession = (found: SessionInfo): Session => ({
  id: found.id,
  title: found.title,
  message_count: found.count,
  created_at: found.createdAt.toISOString(),
  updated_at: found.updatedAt.toISOString(),
  ttl_seconds: found.ttlSeconds,
  expires_at: found.expiresAt.toISOString(),
  running_turn_id: found.runningTurnId,
  root_id: found.rootId,
  forked_from: toForkPoint(found.forkedFrom),
});

export const toForkPoint = (point: ForkPoint | null): Session["forked_from"] =>
  point && { session_id: point.sessionId, message_id: point.messageId };

/** @param turns the turns that wrote the messages of the page */
export function toMessage(message: StoredMessage, turns: ReadonlyMap<string, TurnRecord>): Message {
  const { type: _, ...fields } = toItem(message, turns);
  return { ...fields, role: message.role };
}

/** @param turns the turns that wrote the items of the page */
export function toItem(stored: StoredItem, turns: ReadonlyMap<string, TurnRecord>): Item {
  const { id, createdAt, metadata, turnId } = stored;
  const turn = turnId === undefined ? undefined : turns.get(turnId);
  return {
    id,
    ...toOutputItem(stored),
    created_at: createdAt.toISOString(),
    ...(metadata !== undefined && { metadata }),
    ...(turn && { turn: toTurn(turn) }),
  };
}

function toTurn({ id, status, info }: TurnRecord): NonNullable<Message["turn"]> {
  const { mode, provider, model, sent, durations } = info;
  const tokens = tokensOf(info);
  const truncation = truncationOf(info);
  const finishReason = finishReasonOf(status, info);
  return {
    id,
    mode,
    provider,
    model,
    status,
    ...(finishReason && { finish_reason: finishReason }),
    ...(truncation && { truncation }),
    ...(sent && { sent_messages: sent.messages }),
    ...(sent?.recalled && { recalled_messages: sent.recalled }),
    ...(tokens && { tokens }),
    ...(durations && { total_ms: durations.total }),
  };
}

export const fromMessage = (message: NewMessage): UnstoredMessage => fromItem(message) as UnstoredMessage;

type UnstoredFields = Omit<NonNullable<ImportedMessage>, "turn">;

/** @param fields of a message, which has a role and content, or of another item, which has a type */
export function fromItem(fields: UnstoredFields): NewItem {
  const { created_at, tool_calls, tool_call_id, id, role, type, content, metadata, parts } = fields;
  return {
    ...(role === undefined ? { type } : { role }),
    ...(content !== undefined && { content }),
    ...(id !== undefined && { id }),
    ...(created_at !== undefined && { createdAt: new Date(created_at) }),
    ...(tool_calls && { toolCalls: tool_calls }),
    ...(tool_call_id !== undefined && { toolCallId: tool_call_id }),
    ...(metadata !== undefined && { metadata }),
    ...(parts !== undefined && { parts }),
  } as NewItem;
}
