import type { ProviderId, TurnStatus } from "@redis-memory-magic/protocol";

/** The port to the memory: one owner's conversations. Every method rejects with an `AppError`. */
export interface Conversations {
  readonly owner: string;
  begin(sessionId: string, options: BeginTurn): Promise<BeginResult>;
  /** A turn that is kept nowhere: Redis is away, and the answer matters more than the memory of it. */
  beginUnstored(options: BeginTurn): Promise<TurnWriter>;
  /** A turn's text from a position on, then its end. Null: there is no such turn. */
  follow(
    sessionId: string,
    turnId: string,
    options: { from: number; signal?: AbortSignal },
  ): Promise<AsyncIterable<TurnUpdate> | null>;
  turn(sessionId: string, turnId: string): Promise<StoredTurn | null>;
  /** What a turn would find if it began now. Changes nothing. */
  peek(
    sessionId: string,
    options: { history: HistoryWindow; retryOf?: string },
  ): Promise<Found & { readonly refused?: RetryRefusal }>;
  /** False: it is not running. */
  cancel(sessionId: string, turnId: string): Promise<boolean>;
  session(sessionId: string): Promise<StoredSession | null>;
  sessions(limit: number, cursor: string | undefined): Promise<SessionPage>;
  /** The newest messages before one, oldest first; the turns that wrote them; whether there are older ones. */
  messages(sessionId: string, limit: number, before: string | undefined): Promise<MessagePage>;
  /** Messages by their indexes, `to` excluded, without those that were dropped. */
  range(sessionId: string, from: number, to: number): Promise<IndexedMessage[]>;
  append(sessionId: string, messages: readonly NewStoredMessage[]): Promise<{ ids: string[]; count: number }>;
  rename(sessionId: string, title: string): Promise<boolean>;
  expire(sessionId: string, seconds: number): Promise<boolean>;
  /** False: it was not there. */
  clear(sessionId: string): Promise<boolean>;
  /** The session's keys in Redis. Null: it is not there. */
  storage(sessionId: string): Promise<StoredKeys | null>;
  /** Makes a new session of what is settled of another one, all of it or what stands before a message. */
  fork(sessionId: string, newSessionId: string, before: string | undefined): Promise<void>;
  /** A session to be read out, with what is settled of it. */
  archive(sessionId: string): Promise<SessionArchive>;
  /** Makes a session of what was read out of one; ids and times are kept. */
  restore(sessionId: string, session: SessionImport): Promise<void>;
}

export type TurnEnd = Exclude<TurnStatus, "running">;

export interface TurnOutcome {
  readonly status: TurnEnd;
  /** Messages in the session then; null where that cannot be known. */
  readonly count: number | null;
}

export type TurnUpdate =
  | { readonly type: "text"; readonly text: string; readonly length: number }
  | { readonly type: "end"; readonly outcome: TurnOutcome; readonly length: number };

/** Writes one running turn; what is written is shown after it is stored. */
export interface TurnWriter {
  readonly id: string;
  /** Aborted when the turn is no longer this writer's, or with the `AppError` for which it has to end as failed. */
  readonly signal: AbortSignal;
  /** What is stored, and so may be shown. */
  readonly feed: {
    readonly text: string;
    follow(from: number, signal?: AbortSignal): AsyncIterable<TurnUpdate>;
  };
  write(text: string): void;
  /** Called with what is to be sent, before it is. May reject with the `AppError` for which it must not be. */
  describe(info: TurnInfo): void | Promise<void>;
  end(status: TurnEnd, info: TurnInfo, context?: { window: string; from: number }): Promise<TurnOutcome>;
}

export interface BeginTurn {
  /** Absent for a retry. */
  readonly content?: string;
  readonly retryOf?: string;
  readonly info: TurnInfo;
  readonly title: string;
  readonly idempotency?: { readonly key: string; readonly requestHash: string };
  /** Absent: the message alone is wanted. */
  readonly history?: HistoryWindow;
}

/** How much history is wanted: bytes of the newest at most, none from before the start remembered for the window. */
export interface HistoryWindow {
  readonly maxBytes: number;
  readonly window: string;
}

export interface Found {
  readonly messages: readonly IndexedMessage[];
  /** Messages in the session. */
  readonly count: number;
  readonly rememberedStart: number | null;
  /** Whether these are all messages from there on, or from the session's beginning. */
  readonly complete: boolean;
}

/** Why a turn is not run anew. */
export type RetryRefusal = "unknown" | "completed" | "not_last";

export type BeginResult =
  | ({ readonly kind: "begun"; readonly writer: TurnWriter } & Found)
  | { readonly kind: "busy"; readonly turnId: string }
  | { readonly kind: "replay"; readonly turnId: string }
  | { readonly kind: "mismatch"; readonly turnId: string }
  | { readonly kind: "refused"; readonly reason: RetryRefusal };

export interface StoredMessage {
  readonly id: string;
  readonly role: "system" | "user" | "assistant" | "tool";
  readonly content: string;
  readonly createdAt: Date;
  readonly toolCalls?: readonly { readonly id: string; readonly name: string; readonly arguments: string }[];
  readonly toolCallId?: string;
  readonly metadata?: unknown;
  readonly turnId?: string;
}

export type NewStoredMessage = Omit<StoredMessage, "id" | "createdAt" | "turnId"> & {
  readonly id?: string;
  readonly createdAt?: Date;
};

export interface IndexedMessage {
  readonly index: number;
  readonly message: StoredMessage;
}

export interface TurnRecord {
  readonly id: string;
  readonly status: TurnStatus;
  readonly userIndex: number;
  readonly startedAt: Date;
  readonly endedAt: Date | null;
  readonly info: TurnInfo;
}

export interface StoredTurn {
  readonly record: TurnRecord;
  readonly text: string;
  readonly count: number;
}

export interface MessagePage {
  readonly messages: readonly StoredMessage[];
  readonly turns: ReadonlyMap<string, TurnRecord>;
  readonly hasMore: boolean;
}

export interface StoredSession {
  readonly id: string;
  readonly title: string | null;
  readonly count: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly ttlSeconds: number;
  readonly expiresAt: Date;
  readonly runningTurnId: string | null;
  /** Where its line of forks began, and where it left its parent; null for one that is no fork. */
  readonly rootId: string | null;
  readonly forkedFrom: ForkPoint | null;
}

export interface ForkPoint {
  readonly sessionId: string;
  /** The message that the fork ends before. Null: it has all. */
  readonly messageId: string | null;
}

export interface StoredKeys {
  readonly keys: readonly {
    readonly name: string;
    readonly type: string;
    readonly entries: number;
    readonly bytes: number;
    readonly ttlSeconds: number;
  }[];
  readonly expiresAt: Date;
}

/** A whole session, in pages. Reading on fails when it is cleared meanwhile. */
export interface SessionArchive {
  readonly session: StoredSession;
  /** Oldest first, one for each index; null where one was dropped. */
  messages(): AsyncIterable<ArchivePage>;
  /** In the order of their messages. */
  turns(): AsyncIterable<readonly EndedTurn[]>;
}

export interface ArchivePage {
  readonly messages: readonly (StoredMessage | null)[];
  readonly turns: ReadonlyMap<string, TurnRecord>;
}

export interface EndedTurn extends TurnRecord {
  readonly status: TurnEnd;
  readonly answerIndex: number | null;
  /** The text of an answer that a retry has replaced. */
  readonly replacedText?: string;
}

export type SessionImportMessage = NewStoredMessage & { readonly createdAt: Date; readonly turnId?: string };

export interface SessionImport {
  readonly title?: string;
  readonly ttlSeconds?: number;
  readonly rootId?: string;
  readonly forkedFrom?: ForkPoint;
  readonly messages: readonly (SessionImportMessage | null)[];
  readonly turns: readonly EndedTurn[];
}

export interface SessionPage {
  readonly sessions: readonly StoredSession[];
  readonly nextCursor: string | null;
}

/**
 * What is kept of a turn beside its text. It refers to messages by their indexes and never copies them, so it
 * does not grow with the history. Short, because there is one for each turn. (No interface: it is JSON.)
 */
export type TurnInfo = {
  readonly mode: "stateless" | "stateful";
  readonly provider: ProviderId;
  readonly model: string;
  /** The system prompt, where it is not the usual one. */
  readonly system?: string;
  /** What was sent: first index, messages, messages left out, window, budget, hash. */
  readonly sent?: readonly [
    from: number,
    messages: number,
    leftOut: number,
    window: number,
    budget: number,
    hash: string,
  ];
  /** Tokens counted (negative: estimated), reported, cached, output; null where not reported. */
  readonly tokens?: readonly [
    counted: number,
    reported: number | null,
    cached: number | null,
    output: number | null,
  ];
  /** Milliseconds from the beginning to the first piece of text (null: there was none) and to the end. */
  readonly ms?: readonly [first: number | null, total: number];
  readonly error?: readonly [code: string, detail: string];
  readonly finish?: "length" | "content_filter";
};
