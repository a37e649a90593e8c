import type { Price } from "@redis-memory-magic/protocol";
import type { BeginResult, BeginTurn, Conversations, TurnInfo, TurnWriter } from "../chat/conversations.ts";
import { AppError } from "../errors/app-error.ts";
import type { AnswerSizes } from "./answer-sizes.ts";
import { ForwardingConversations, forwardingWriter } from "./forwarding-conversations.ts";
import type { Account } from "./ledger.ts";
import type { Limits } from "./limits.ts";
import { spending, TurnAllowance, tokensIn } from "./turn-allowance.ts";

interface MeteredOptions {
  readonly limits: Limits;
  /** Whom turns are counted against: the owner, and the address that he comes from. */
  readonly accounts: readonly Account[];
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

/** One owner's turns within how many may run, and what they may take. Made for one request; a turn outlives that. */
export class MeteredConversations extends ForwardingConversations {
  readonly #options: MeteredOptions;

  constructor(inner: Conversations, options: MeteredOptions) {
    super(inner);
    this.#options = options;
  }

  override async begin(sessionId: string, options: BeginTurn): Promise<BeginResult> {
    const held = await this.#enter(options);
    return this.#orGiveBack(held, async () => {
      const begun = await this.inner.begin(sessionId, options);
      if (begun.kind === "begun") return { ...begun, writer: this.#metered(begun.writer, held) };
      giveBack(held);
      return begun;
    });
  }

  override async beginUnstored(options: BeginTurn): Promise<TurnWriter> {
    const held = await this.#enter(options);
    return this.#orGiveBack(held, async () => this.#metered(await this.inner.beginUnstored(options), held));
  }

  async #orGiveBack<Result>(held: Held, begin: () => Promise<Result>): Promise<Result> {
    try {
      return await begin();
    } catch (error) {
      giveBack(held);
      throw error;
    }
  }

  /** A turn's place and what it is expected to take. @throws AppError `too_many_streams`, `allowance_used` */
  async #enter({ content = "", info }: BeginTurn): Promise<Held> {
    const { limits, accounts, answers, priceOf } = this.#options;
    const leave = await limits.enterStream(accounts);
    if (!limits.counts(accounts, "tokens", "usd")) return { leave };
    return this.#orGiveBack({ leave }, async () => {
      const price = await priceOf(info);
      if (price === null && limits.counts(accounts, "usd")) throw priceUnknown(info.model);
      const input = tokensIn(content) + tokensIn(info.system ?? "");
      const output = answers.expected(info);
      const reservation = await limits.reserve(accounts, spending(price, input, 0, output));
      return { leave, allowance: new TurnAllowance(reservation, price, output) };
    });
  }

  #metered(writer: TurnWriter, { allowance, leave }: Held): TurnWriter {
    const { answers } = this.#options;
    return forwardingWriter(writer, {
      signal: allowance ? AbortSignal.any([writer.signal, allowance.usedUp]) : writer.signal,
      write: (text) => {
        writer.write(text);
        void allowance?.wrote(text);
      },
      describe: async (info) => {
        await writer.describe(info);
        await allowance?.send(Math.abs(info.tokens?.[0] ?? 0));
      },
      end: async (status, info, context) => {
        // Before its reader hears that it is over, and asks for the next.
        leave();
        const outcome = await writer.end(status, info, context);
        const [counted = 0, reported, cached, output] = info.tokens ?? [];
        // All of the text: what came last is there only now.
        const written = output ?? Math.ceil(tokensIn(writer.feed.text));
        answers.learn(info, written);
        allowance?.settle(reported ?? Math.abs(counted), cached ?? 0, written);
        return outcome;
      },
    });
  }
}

function giveBack({ allowance, leave }: Held): void {
  allowance?.giveBack();
  leave();
}

const priceUnknown = (model: string): AppError => {
  const message = "must be one whose price is known, as this server counts money: see GET /providers";
  return new AppError("invalid_request", `The model ${model} cannot be used: it ${message}.`, {
    errors: [{ field: "model", message }],
  });
};
