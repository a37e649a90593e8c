import type { RedisClient, Subscriber } from "@redis-memory-magic/memory";
import {
  MemoryError,
  type TurnRecord as MemoryTurnRecord,
  MessageHistory,
  Turns,
  unstoredTurn,
} from "@redis-memory-magic/memory";
import { AppError } from "../chat/app-error.ts";
import type {
  BeginTurn,
  Begun,
  Conversations,
  Found,
  HistoryWindow,
  MessagePage,
  NewStoredMessage,
  PlacedMessage,
  SessionPage,
  StoredSession,
  StoredTurn,
  TurnInfo,
  TurnRecord,
  TurnUpdate,
  TurnWriter,
} from "../chat/conversations.ts";

interface RedisConversationsOptions {
  readonly client: RedisClient;
  readonly subscriber: Subscriber;
  readonly owner: string;
  readonly name?: string;
  readonly ttlSeconds: number;
  /** How long Redis may take before it counts as away. */
  readonly timeoutMs: number;
}

/** One owner's conversations, in Redis. */
export class RedisConversations implements Conversations {
  readonly owner: string;
  readonly #history: MessageHistory;
  readonly #turns: Turns;

  constructor(options: RedisConversationsOptions) {
    this.owner = options.owner;
    this.#history = new MessageHistory(options);
    this.#turns = new Turns(options);
  }

  begin(sessionId: string, options: BeginTurn): Promise<Begun> {
    return translated(this.#turns.begin(sessionId, options));
  }

  beginUnstored(): TurnWriter {
    return unstoredTurn();
  }

  async follow(
    sessionId: string,
    turnId: string,
    options: { from: number; signal?: AbortSignal },
  ): Promise<AsyncIterable<TurnUpdate> | null> {
    const updates = await translated(this.#turns.follow(sessionId, turnId, options));
    return updates && translatedUpdates(updates);
  }

  async turn(sessionId: string, turnId: string): Promise<StoredTurn | null> {
    const state = await translated(this.#turns.get(sessionId, turnId));
    return state && { record: toRecord(state.record), text: state.text, count: state.count };
  }

  peek(sessionId: string, options: { history: HistoryWindow; retryOf?: string }): Promise<Found> {
    return translated(this.#turns.peek(sessionId, options));
  }

  cancel(sessionId: string, turnId: string): Promise<boolean> {
    return translated(this.#turns.cancel(sessionId, turnId));
  }

  session(sessionId: string): Promise<StoredSession | null> {
    return translated(this.#history.info(sessionId));
  }

  sessions(limit: number, cursor: string | undefined): Promise<SessionPage> {
    return translated(this.#history.listSessions({ limit, ...(cursor !== undefined && { cursor }) }));
  }

  async messages(sessionId: string, limit: number, before: string | undefined): Promise<MessagePage> {
    // One more than asked for tells whether there are older ones.
    const options = { k: limit + 1, ...(before !== undefined && { before }) };
    const found = await translated(this.#history.getRecent(sessionId, options));
    const messages = found.slice(-limit);
    const ids = [...new Set(messages.flatMap(({ turnId }) => turnId ?? []))];
    const records = await translated(this.#turns.records(sessionId, ids));
    return {
      messages,
      turns: new Map(records.flatMap((record) => (record ? [[record.id, toRecord(record)]] : []))),
      hasMore: found.length > limit,
    };
  }

  range(sessionId: string, from: number, to: number): Promise<PlacedMessage[]> {
    return translated(this.#turns.messages(sessionId, from, to));
  }

  async append(
    sessionId: string,
    messages: readonly NewStoredMessage[],
  ): Promise<{ ids: string[]; count: number }> {
    const added = await translated(
      this.#history.addMessages(sessionId, messages as Parameters<MessageHistory["addMessages"]>[1]),
    );
    return { ids: added.map(({ id }) => id), count: added.at(-1)?.count ?? 0 };
  }

  rename(sessionId: string, title: string): Promise<boolean> {
    return translated(this.#history.rename(sessionId, title));
  }

  expire(sessionId: string, seconds: number): Promise<boolean> {
    return translated(this.#history.expire(sessionId, seconds));
  }

  clear(sessionId: string): Promise<boolean> {
    return translated(this.#history.clear(sessionId));
  }
}

const toRecord = (record: MemoryTurnRecord): TurnRecord => ({
  ...record,
  info: record.info as unknown as TurnInfo,
});

function translated<T>(work: Promise<T>): Promise<T> {
  return work.catch((error) => {
    throw translate(error);
  });
}

async function* translatedUpdates(updates: AsyncIterable<TurnUpdate>): AsyncGenerator<TurnUpdate> {
  try {
    yield* updates;
  } catch (error) {
    throw translate(error);
  }
}

function translate(error: unknown): unknown {
  if (!MemoryError.isInstance(error)) return error;
  switch (error.code) {
    case "duplicate_id":
      return new AppError("duplicate_message_id", `${error.message}. Nothing was appended.`, {
        cause: error,
      });
    case "unknown_message":
      return new AppError("message_not_found", `${error.message}.`, { cause: error });
    case "unknown_session":
      return new AppError(
        "session_not_found",
        "There is no such session: it has expired, was deleted, or never was.",
        { cause: error },
      );
    case "session_exists":
      return new AppError("session_exists", `${error.message}. Choose another, or delete it first.`, {
        cause: error,
      });
    case "damaged":
      return new AppError(
        "storage_damaged",
        "This session's keys in Redis hold something else. Delete the session, or use another id.",
        { cause: error },
      );
    case "unavailable":
      return new AppError(
        "storage_unavailable",
        "Redis cannot be used right now, so nothing was stored. Try again in a moment.",
        {
          cause: error,
          retryAfter: 2,
        },
      );
  }
}
