import type {
  BeginResult,
  BeginTurn,
  Conversations,
  MessagePage,
  NewStoredMessage,
  SessionArchive,
  SessionImport,
  StoredKeys,
  TurnWriter,
} from "../chat/conversations.ts";
import { AppError } from "../errors/app-error.ts";
import { ForwardingConversations, forwardingWriter } from "./forwarding-conversations.ts";
import type { Account } from "./ledger.ts";
import type { Limits } from "./limits.ts";
import type { Room } from "./room.ts";

interface BoundedOptions {
  readonly limits: Limits;
  /** Whom it is counted against: the owner, and the address that he comes from. */
  readonly accounts: readonly Account[];
  /** Absent: he may keep as much as he likes. */
  readonly room?: Room | undefined;
  readonly maxTtlSeconds?: number | undefined;
}

// What Redis takes for a write beside its text: the keys of a session that is new, the record of a turn.
const BYTES_BESIDE = 1024;

type StoredKey = StoredKeys["keys"][number];

/** One owner's conversations within what he may keep, for how long, and have moved. Made for one request. */
export class BoundedConversations extends ForwardingConversations {
  readonly #options: BoundedOptions;

  constructor(inner: Conversations, options: BoundedOptions) {
    super(inner);
    this.#options = options;
  }

  override async begin(sessionId: string, options: BeginTurn): Promise<BeginResult> {
    // The turn's record keeps a system prompt of its own.
    const bytes = bytesOf(options.content ?? "") + bytesOf(options.info.system ?? "");
    const begun = await this.#within(sessionId, bytes, () => this.inner.begin(sessionId, options));
    if (begun.kind === "begun") return { ...begun, writer: this.#counted(begun.writer, sessionId) };
    this.#giveBack(sessionId, bytes);
    return begun;
  }

  override append(sessionId: string, messages: readonly NewStoredMessage[]) {
    return this.#within(sessionId, sizeOf(messages), () => this.inner.append(sessionId, messages));
  }

  override async messages(
    sessionId: string,
    limit: number,
    before: string | undefined,
  ): Promise<MessagePage> {
    // The messages are counted with the answer; the records of their turns are read whole for a few words of each.
    await this.#takeReading(sessionId, ({ name, bytes, entries }) =>
      name.endsWith(":turns") ? (bytes / entries) * Math.min(limit, entries) : 0,
    );
    return this.inner.messages(sessionId, limit, before);
  }

  override async archive(sessionId: string): Promise<SessionArchive> {
    await this.#takeReading(sessionId, ({ bytes }) => bytes);
    return this.inner.archive(sessionId);
  }

  override async fork(sessionId: string, newSessionId: string, before: string | undefined): Promise<void> {
    const bytes = await this.#takeReading(sessionId, ({ bytes }) => bytes);
    await this.#within(newSessionId, bytes, () => this.inner.fork(sessionId, newSessionId, before));
  }

  override async restore(sessionId: string, session: SessionImport): Promise<void> {
    const messages = session.messages.filter((message) => message !== null);
    const { maxTtlSeconds = Number.POSITIVE_INFINITY } = this.#options;
    // It comes from elsewhere, where more may have been allowed.
    const ttlSeconds =
      session.ttlSeconds === undefined ? undefined : Math.min(session.ttlSeconds, maxTtlSeconds);
    const restored = { ...session, ...(ttlSeconds !== undefined && { ttlSeconds }) };
    const bytes = sizeOf(messages) + bytesOf(JSON.stringify(session.turns));
    await this.#within(sessionId, bytes, () => this.inner.restore(sessionId, restored));
  }

  override async expire(sessionId: string, seconds: number): Promise<boolean> {
    const { maxTtlSeconds = Number.POSITIVE_INFINITY, room } = this.#options;
    if (seconds > maxTtlSeconds) {
      const message = `must be at most ${maxTtlSeconds} on this server`;
      throw new AppError("invalid_request", `ttl_seconds ${message}.`, {
        errors: [{ field: "ttl_seconds", message }],
      });
    }
    const there = await this.inner.expire(sessionId, seconds);
    // What is counted lives as long as what is kept.
    if (there) room?.adjust(sessionId, 0);
    return there;
  }

  /**
   * A small request that has Redis move as much as a large one counts as much. Resolves with how many bytes.
   * @param share how much of a key is read
   * @throws AppError `rate_limited`
   */
  async #takeReading(sessionId: string, share: (key: StoredKey) => number): Promise<number> {
    const { limits, accounts, room } = this.#options;
    if (room === undefined && !limits.counts(accounts, "requests", "bytes")) return 0;
    const found = await this.inner.storage(sessionId);
    const bytes = found?.keys.reduce((sum, key) => sum + share(key), 0) ?? 0;
    for (const account of accounts) await limits.takeBytes(account, bytes);
    return bytes;
  }

  async #within<Result>(sessionId: string, bytes: number, write: () => Promise<Result>): Promise<Result> {
    const { limits, accounts, room } = this.#options;
    await limits.takeStored(accounts, bytes + BYTES_BESIDE);
    try {
      await room?.take(sessionId, bytes);
    } catch (error) {
      limits.countStored(accounts, -bytes - BYTES_BESIDE);
      throw error;
    }
    try {
      return await write();
    } catch (error) {
      this.#giveBack(sessionId, bytes);
      throw error;
    }
  }

  #giveBack(sessionId: string, bytes: number): void {
    const { limits, accounts, room } = this.#options;
    room?.adjust(sessionId, -bytes);
    limits.countStored(accounts, -bytes - BYTES_BESIDE);
  }

  /** Its answer takes room too, when it is known how much. */
  #counted(writer: TurnWriter, sessionId: string): TurnWriter {
    const { limits, accounts, room } = this.#options;
    return forwardingWriter(writer, {
      end: async (...args) => {
        const outcome = await writer.end(...args);
        // Not before: what came last is stored with the end.
        const bytes = bytesOf(writer.feed.text);
        room?.adjust(sessionId, bytes);
        limits.countStored(accounts, bytes);
        return outcome;
      },
    });
  }
}

const bytesOf = (text: string): number => Buffer.byteLength(text);

const sizeOf = (messages: readonly NewStoredMessage[]): number =>
  messages.reduce(
    (sum, { content, toolCalls, metadata }) =>
      sum + bytesOf(content) + bytesOf(JSON.stringify([toolCalls, metadata])),
    0,
  );
