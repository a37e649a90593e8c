import type { Price } from "@redis-memory-magic/protocol";
import { AppError } from "../chat/app-error.ts";
import type {
  BeginTurn,
  Begun,
  Conversations,
  NewStoredMessage,
  RestoredSession,
  TurnEnd,
  TurnInfo,
  TurnOutcome,
  TurnWriter,
} from "../chat/conversations.ts";
import { costOf } from "../chat/cost.ts";
import type { AnswerSizes } from "./answer-sizes.ts";
import { ForwardingConversations } from "./forwarding-conversations.ts";
import type { Account, Limits, Spending } from "./limits.ts";
import type { Room } from "./room.ts";

// Until a tokenizer has counted.
const BYTES_PER_TOKEN = 3;

interface MeteredOptions {
  readonly limits: Limits;
  /** Whom turns are counted against: the owner, and the address that he comes from. */
  readonly accounts: readonly Account[];
  /** Absent: he may keep as much as he likes. */
  readonly room?: Room | undefined;
  readonly maxTtlSeconds?: number | undefined;
  readonly answers: AnswerSizes;
  readonly priceOf: (info: TurnInfo) => Promise<Price | null>;
}

/** What a turn has taken of its owner's limits. */
interface Allowance {
  /** Corrects it by what is known now. */
  settle(inputTokens: number, cachedTokens: number, outputTokens: number): void;
  /** Gives the turn's place back. */
  leave(): void;
  /** Gives all of it back. */
  giveBack(): void;
}

/** One owner's conversations within his limits. Made for one request; what it begins outlives that. */
export class MeteredConversations extends ForwardingConversations {
  readonly #options: MeteredOptions;

  constructor(inner: Conversations, options: MeteredOptions) {
    super(inner);
    this.#options = options;
  }

  override async begin(sessionId: string, options: BeginTurn): Promise<Begun> {
    const { room } = this.#options;
    const bytes = bytesOf(options.content ?? "");
    const allowance = await this.#enter(options);
    let roomTaken = false;
    const giveBack = (): void => {
      allowance.giveBack();
      if (roomTaken) room?.adjust(sessionId, -bytes);
    };
    try {
      await room?.take(sessionId, bytes);
      roomTaken = true;
      const begun = await this.inner.begin(sessionId, options);
      if (begun.kind === "begun")
        return { ...begun, writer: this.#metered(begun.writer, allowance, sessionId) };
      giveBack();
      return begun;
    } catch (error) {
      giveBack();
      throw error;
    }
  }

  override async beginUnstored(options: BeginTurn): Promise<TurnWriter> {
    const allowance = await this.#enter(options);
    return this.#metered(await this.inner.beginUnstored(options), allowance, null);
  }

  override async append(sessionId: string, messages: readonly NewStoredMessage[]) {
    return this.#within(sessionId, sizeOf(messages), () => this.inner.append(sessionId, messages));
  }

  override async fork(sessionId: string, newSessionId: string, before: string | undefined): Promise<void> {
    const { room } = this.#options;
    const keys = room === undefined ? null : await this.inner.storage(sessionId);
    const bytes = keys?.keys.find(({ name }) => name.endsWith(":messages"))?.bytes ?? 0;
    await this.#within(newSessionId, bytes, () => this.inner.fork(sessionId, newSessionId, before));
  }

  override async restore(sessionId: string, session: RestoredSession): Promise<void> {
    const messages = session.messages.filter((message) => message !== null);
    const { maxTtlSeconds = Number.POSITIVE_INFINITY } = this.#options;
    // It comes from elsewhere, where more may have been allowed.
    const ttlSeconds =
      session.ttlSeconds === undefined ? undefined : Math.min(session.ttlSeconds, maxTtlSeconds);
    const restored = { ...session, ...(ttlSeconds !== undefined && { ttlSeconds }) };
    await this.#within(sessionId, sizeOf(messages), () => this.inner.restore(sessionId, restored));
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

  async #within<Result>(sessionId: string, bytes: number, write: () => Promise<Result>): Promise<Result> {
    const { room } = this.#options;
    await room?.take(sessionId, bytes);
    try {
      return await write();
    } catch (error) {
      room?.adjust(sessionId, -bytes);
      throw error;
    }
  }

  /** A turn's place and what it is expected to take. @throws AppError `too_many_streams`, `allowance_used` */
  async #enter({ content = "", info }: BeginTurn): Promise<Allowance> {
    const { limits, accounts, answers, priceOf } = this.#options;
    const price = await priceOf(info);
    const expected = (bytesOf(content) + bytesOf(info.system ?? "")) / BYTES_PER_TOKEN;
    const leave = await limits.enterStream(accounts);
    try {
      const settle = await limits.spend(accounts, spending(price, expected, 0, answers.expected(info)));
      return {
        settle: (input, cached, output) => settle(spending(price, input, cached, output)),
        leave,
        giveBack: () => {
          leave();
          settle({ tokens: 0, usd: 0 });
        },
      };
    } catch (error) {
      leave();
      throw error;
    }
  }

  /** @param sessionId where it is stored; null: nowhere */
  #metered(writer: TurnWriter, { settle, leave }: Allowance, sessionId: string | null): TurnWriter {
    const { room, answers } = this.#options;
    return {
      id: writer.id,
      signal: writer.signal,
      feed: writer.feed,
      write: (text) => writer.write(text),
      describe: (info) => {
        writer.describe(info);
        // Its context is known now, and so is nearly all that it will take.
        settle(Math.abs(info.tokens?.[0] ?? 0), 0, answers.expected(info));
      },
      end: (status: TurnEnd, info: TurnInfo, context): Promise<TurnOutcome> => {
        const answer = bytesOf(writer.feed.text);
        const [counted = 0, reported, cached, output] = info.tokens ?? [];
        const written = output ?? Math.ceil(answer / BYTES_PER_TOKEN);
        answers.learn(info, written);
        settle(reported ?? Math.abs(counted), cached ?? 0, written);
        if (sessionId !== null) room?.adjust(sessionId, answer);
        leave();
        return writer.end(status, info, context);
      },
    };
  }
}

const bytesOf = (text: string): number => Buffer.byteLength(text);

const sizeOf = (messages: readonly NewStoredMessage[]): number =>
  messages.reduce(
    (sum, { content, toolCalls, metadata }) =>
      sum + bytesOf(content) + bytesOf(JSON.stringify([toolCalls, metadata])),
    0,
  );

function spending(price: Price | null, input: number, cached: number, output: number): Spending {
  return { tokens: input + output, usd: costOf(price, input, cached, output)?.total_usd ?? 0 };
}
