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
import type { AnswerSizes } from "./answer-sizes.ts";
import { ForwardingConversations } from "./forwarding-conversations.ts";
import type { Account, Limits } from "./limits.ts";
import type { Room } from "./room.ts";
import { spending, TurnAllowance, tokensIn } from "./turn-allowance.ts";

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

/** What a turn holds while it runs. */
interface Held {
  /** Absent: neither tokens nor money are counted. */
  readonly allowance?: TurnAllowance;
  /** Gives the turn's place back. */
  leave(): void;
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
    // The turn's record keeps a system prompt of its own.
    const bytes = bytesOf(options.content ?? "") + bytesOf(options.info.system ?? "");
    const held = await this.#enter(options);
    let roomTaken = false;
    const giveBack = (): void => {
      held.allowance?.giveBack();
      held.leave();
      if (roomTaken) room?.adjust(sessionId, -bytes);
    };
    try {
      await room?.take(sessionId, bytes);
      roomTaken = true;
      const begun = await this.inner.begin(sessionId, options);
      if (begun.kind === "begun") return { ...begun, writer: this.#metered(begun.writer, held, sessionId) };
      giveBack();
      return begun;
    } catch (error) {
      giveBack();
      throw error;
    }
  }

  override async beginUnstored(options: BeginTurn): Promise<TurnWriter> {
    const held = await this.#enter(options);
    return this.#metered(await this.inner.beginUnstored(options), held, null);
  }

  override async append(sessionId: string, messages: readonly NewStoredMessage[]) {
    return this.#within(sessionId, sizeOf(messages), () => this.inner.append(sessionId, messages));
  }

  override async fork(sessionId: string, newSessionId: string, before: string | undefined): Promise<void> {
    const { limits, accounts } = this.#options;
    const found = await this.inner.storage(sessionId);
    const bytes = found?.keys.reduce((sum, key) => sum + key.bytes, 0) ?? 0;
    // A small request that has Redis move as much as a large one.
    for (const account of accounts) await limits.takeRequest(account, bytes);
    await this.#within(newSessionId, bytes, () => this.inner.fork(sessionId, newSessionId, before));
  }

  override async restore(sessionId: string, session: RestoredSession): Promise<void> {
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
  async #enter({ content = "", info }: BeginTurn): Promise<Held> {
    const { limits, accounts, answers, priceOf } = this.#options;
    const leave = await limits.enterStream(accounts);
    if (!limits.limitsSpending(accounts)) return { leave };
    try {
      const price = await priceOf(info);
      if (price === null && limits.limitsMoney(accounts)) throw priceUnknown(info.model);
      const input = tokensIn(content) + tokensIn(info.system ?? "");
      const output = answers.expected(info);
      const reservation = await limits.reserve(accounts, spending(price, input, 0, output));
      return { leave, allowance: new TurnAllowance(reservation, price, output) };
    } catch (error) {
      leave();
      throw error;
    }
  }

  /** @param sessionId where it is stored; null: nowhere */
  #metered(writer: TurnWriter, { allowance, leave }: Held, sessionId: string | null): TurnWriter {
    const { room, answers } = this.#options;
    return {
      id: writer.id,
      signal: allowance ? AbortSignal.any([writer.signal, allowance.usedUp]) : writer.signal,
      feed: writer.feed,
      write: (text) => {
        writer.write(text);
        allowance?.wrote(text);
      },
      describe: async (info) => {
        await writer.describe(info);
        await allowance?.send(Math.abs(info.tokens?.[0] ?? 0));
      },
      end: (status: TurnEnd, info: TurnInfo, context): Promise<TurnOutcome> => {
        const [counted = 0, reported, cached, output] = info.tokens ?? [];
        const written = output ?? Math.ceil(tokensIn(writer.feed.text));
        answers.learn(info, written);
        allowance?.settle(reported ?? Math.abs(counted), cached ?? 0, written);
        if (sessionId !== null) room?.adjust(sessionId, bytesOf(writer.feed.text));
        leave();
        return writer.end(status, info, context);
      },
    };
  }
}

const priceUnknown = (model: string): AppError => {
  const message = "must be one whose price is known, as this server counts money: see GET /providers";
  return new AppError("invalid_request", `The model ${model} cannot be used: it ${message}.`, {
    errors: [{ field: "model", message }],
  });
};

const bytesOf = (text: string): number => Buffer.byteLength(text);

const sizeOf = (messages: readonly NewStoredMessage[]): number =>
  messages.reduce(
    (sum, { content, toolCalls, metadata }) =>
      sum + bytesOf(content) + bytesOf(JSON.stringify([toolCalls, metadata])),
    0,
  );
