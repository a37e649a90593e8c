import type { RedisClient, Subscriber } from "@redis-memory-magic/memory";
import {
  type TurnRecord as MemoryTurnRecord,
  MessageHistory,
  SessionArchive,
  Turns,
} from "@redis-memory-magic/memory";
import { unstoredTurn } from "@redis-memory-magic/memory/internal";
import type {
  ArchivePage,
  BeginResult,
  BeginTurn,
  Conversations,
  HistoryWindow,
  IndexedMessage,
  MessagePage,
  NewStoredMessage,
  SessionArchive as SessionArchivePort,
  SessionImport,
  SessionPage,
  StoredKeys,
  StoredMessage,
  StoredSession,
  StoredTurn,
  TurnInfo,
  TurnRecord,
  TurnUpdate,
  TurnWriter,
} from "../chat/conversations.ts";
import { translated, translatedEach } from "./translate.ts";

// A page is answered whole, from memory: so many at once must be no burden.
const PAGE_BYTES = 4 * 1024 * 1024;

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
  readonly #archive: SessionArchive;

  constructor(options: RedisConversationsOptions) {
    this.owner = options.owner;
    this.#history = new MessageHistory(options);
    this.#turns = new Turns(options);
    this.#archive = new SessionArchive(options);
  }

  begin(sessionId: string, options: BeginTurn): Promise<BeginResult> {
    return translated(this.#turns.begin(sessionId, options));
  }

  async beginUnstored(): Promise<TurnWriter> {
    return unstoredTurn();
  }

  async follow(
    sessionId: string,
    turnId: string,
    options: { from: number; signal?: AbortSignal },
  ): Promise<AsyncIterable<TurnUpdate> | null> {
    const updates = await translated(this.#turns.follow(sessionId, turnId, options));
    return updates && translatedEach(updates);
  }

  async turn(sessionId: string, turnId: string): Promise<StoredTurn | null> {
    const state = await translated(this.#turns.get(sessionId, turnId));
    return state && { record: toRecord(state.record), text: state.text, count: state.count };
  }

  peek(
    sessionId: string,
    options: { history: HistoryWindow; retryOf?: string },
  ): ReturnType<Conversations["peek"]> {
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
    let bytes = 0;
    let cut = false;
    // A page is so many messages or so many bytes, but one message at least.
    const countTokens = ({ content, toolCalls, metadata }: StoredMessage): number => {
      const before = bytes;
      bytes += Buffer.byteLength(content) + JSON.stringify([toolCalls, metadata]).length;
      cut = before > 0 && bytes > PAGE_BYTES;
      return cut ? 1 : 0;
    };
    // One more than asked for tells whether there are older ones.
    const found = await translated(
      this.#history.getRecent(sessionId, {
        k: limit + 1,
        maxTokens: 0,
        countTokens,
        cutAnywhere: true,
        ...(before !== undefined && { before }),
      }),
    );
    const messages = found.slice(-limit);
    const hasMore = cut || found.length > limit;
    return { messages, turns: await this.#turnsOf(sessionId, messages), hasMore };
  }

  range(sessionId: string, from: number, to: number): Promise<IndexedMessage[]> {
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

  storage(sessionId: string): Promise<StoredKeys | null> {
    return translated(this.#history.storage(sessionId));
  }

  fork(sessionId: string, newSessionId: string, before: string | undefined): Promise<void> {
    const options = before === undefined ? {} : { before };
    return translated(this.#archive.fork(sessionId, newSessionId, options));
  }

  async archive(sessionId: string): Promise<SessionArchivePort> {
    const { info, messages, turns } = await translated(this.#archive.read(sessionId));
    return {
      session: info,
      messages: () => this.#withTurns(sessionId, translatedEach(messages())),
      turns: async function* () {
        for await (const page of translatedEach(turns())) {
          yield page.map((turn) => ({ ...turn, info: toInfo(turn) }));
        }
      },
    };
  }

  restore(sessionId: string, session: SessionImport): Promise<void> {
    return translated(this.#archive.restore(sessionId, session as Parameters<SessionArchive["restore"]>[1]));
  }

  async *#withTurns(
    sessionId: string,
    pages: AsyncIterable<readonly (StoredMessage | null)[]>,
  ): AsyncGenerator<ArchivePage, void, void> {
    for await (const messages of pages) {
      const there = messages.filter((message) => message !== null);
      yield { messages, turns: await this.#turnsOf(sessionId, there) };
    }
  }

  /** The turns that wrote these messages. */
  async #turnsOf(
    sessionId: string,
    messages: readonly StoredMessage[],
  ): Promise<ReadonlyMap<string, TurnRecord>> {
    const ids = [...new Set(messages.flatMap(({ turnId }) => turnId ?? []))];
    const records = await translated(this.#turns.records(sessionId, ids));
    return new Map(records.flatMap((record) => (record ? [[record.id, toRecord(record)]] : [])));
  }
}

// What this server has told of its turns.
const toInfo = ({ info }: MemoryTurnRecord): TurnInfo => info as unknown as TurnInfo;

const toRecord = (record: MemoryTurnRecord): TurnRecord => ({ ...record, info: toInfo(record) });
