import type { TurnEnd, TurnUpdate, TurnWriter } from "@redis-memory-magic/memory";
import type { Cost, Truncation } from "@redis-memory-magic/protocol";
import { AppError } from "../errors/app-error.ts";
import type { StorageQuota, TurnPermit } from "./caller.ts";
import type { Completion, ModelRequest } from "./chat-model.ts";
import { type Context, hashPayload } from "./context.ts";
import { costOf } from "./cost.ts";
import type { Plan } from "./plan.ts";
import { type Deadlines, relay } from "./relay.ts";
import type { TokenCounter } from "./token-counter.ts";
import { suspectTruncation } from "./truncation.ts";
import { encodeTurnInfo, type TurnInfo } from "./turn-info.ts";
import { type FinishedTurn, type TurnResult, toResult } from "./turn-result.ts";

interface RunningTurnOptions {
  /** When the request arrived, by `performance.now()`. */
  readonly askedAt: number;
  readonly sessionId: string;
  readonly plan: Plan;
  readonly permit: TurnPermit;
  /** The answer is counted against it when the turn has ended. */
  readonly quota: StorageQuota;
  readonly writer: TurnWriter;
  /** Resolves when its tokens are counted. */
  readonly context: Promise<Context>;
  /** Messages in the session, the user's included. */
  readonly count: number;
  readonly stored: boolean;
  readonly tokens: TokenCounter;
  readonly deadlines: Deadlines;
  /** Called with an error that is not an `AppError`: a bug. */
  readonly onUnexpected: (error: unknown, turnId: string) => void;
}

/** A call of the model that is under way. */
interface Call {
  readonly answer: Promise<Completion>;
  /** Tokens of the context, and the factor of the estimate. */
  readonly counted: number;
  readonly factor: number;
  /** The index of the first message in the window, for the next turn; null: nothing was left out. */
  readonly start: number | null;
}

/** A turn that this process runs, whether or not a client waits for it. */
export class RunningTurn {
  readonly turnId: string;
  readonly sessionId: string;
  readonly info: TurnInfo;
  readonly stored: boolean;
  readonly count: number;
  /** Settles when the turn has ended. Never rejects. */
  readonly ended: Promise<FinishedTurn>;
  readonly #options: Omit<RunningTurnOptions, "context">;
  readonly #upstream = new AbortController();
  #stoppedAs: "cancelled" | "interrupted" | undefined;
  /** What is known of the turn so far. */
  #known: TurnInfo;
  #called: number | null = null;
  #firstText: number | null = null;
  readonly #onThinking = new Set<() => void>();

  constructor({ context, ...options }: RunningTurnOptions) {
    this.#options = options;
    this.turnId = options.writer.id;
    this.sessionId = options.sessionId;
    this.stored = options.stored;
    this.count = options.count;
    this.info = options.plan.info;
    this.#known = this.info;
    const { exhausted } = options.permit;
    exhausted?.addEventListener("abort", () => this.#upstream.abort(exhausted.reason), { once: true });
    this.ended = this.#run(this.#call(context));
  }

  length(): number {
    return this.#options.writer.feed.text.length;
  }

  follow(from: number, signal?: AbortSignal): AsyncIterable<TurnUpdate> {
    return this.#options.writer.feed.follow(from, signal);
  }

  async result(): Promise<TurnResult> {
    return (await this.ended).result;
  }

  onThinking(listener: () => void): () => void {
    this.#onThinking.add(listener);
    return () => this.#onThinking.delete(listener);
  }

  /** Stops the model at once. The turn gets this status, unless it has ended already. */
  stop(as: "cancelled" | "interrupted"): void {
    this.#stoppedAs ??= as;
    this.#upstream.abort(as);
  }

  async #run(calling: Promise<Call>): Promise<FinishedTurn> {
    const { plan, permit, quota, writer, sessionId, stored, askedAt } = this.#options;
    const begun = performance.now();
    let truncation: Truncation | undefined;
    let remember: { window: string; from: number } | undefined;
    let status: TurnEnd = "completed";
    let failure: AppError | undefined;
    try {
      const { answer, counted, factor, start } = await calling;
      if (start !== null) remember = { window: String(plan.window), from: start };
      const completion = await answer;
      truncation = this.#findTruncation(counted, completion);
      this.#update(this.#account(counted, factor, completion, truncation));
    } catch (error) {
      status = this.#endOf();
      if (status === "failed") {
        failure = this.#asFailure(error);
        this.#update({ error: { code: failure.code, detail: failure.message } });
      }
    }
    const answered = performance.now();
    const firstMs = this.#firstText === null ? null : Math.round(this.#firstText - begun);
    const info = this.#update({ durations: { firstText: firstMs, total: Math.round(answered - begun) } });
    // Before the client learns that the turn has ended, because it may ask for the next one at once.
    permit.settle(info);
    const outcome = await writer.end(status, encodeTurnInfo(info), remember);
    if (stored) quota.add(sessionId, Buffer.byteLength(writer.feed.text));
    const result = toResult({
      turnId: this.turnId,
      sessionId,
      status: outcome.status,
      text: writer.feed.text,
      count: stored ? (outcome.count ?? this.count) : 0,
      stored,
      info,
      failure,
    });
    return {
      result,
      info,
      listedModel: plan.listed ? plan.info.model : null,
      cost: this.#cost(info),
      truncation,
      times: {
        asked: askedAt,
        begun,
        called: this.#called,
        firstText: this.#firstText,
        answered,
        ended: performance.now(),
      },
    };
  }

  /**
   * Calls the model, and resolves before it has answered: the context can be large and an answer can take minutes, so
   * nothing keeps the context meanwhile.
   */
  async #call(built: Promise<Context>): Promise<Call> {
    const { plan, permit, writer, deadlines, tokens: counter } = this.#options;
    const context = await built;
    const { messages, tokens: counted, start } = context;
    const factor = counter.factorOf(plan.model, plan.info.model);
    const request = toRequest(plan, context);
    const from = messages[0]?.index ?? 0;
    const leftOut = Math.max(0, this.count - messages.length);
    const hash = hashPayload(plan.system, request.messages);
    const info = this.#update({
      sent: { from, messages: messages.length, leftOut, window: plan.window, budget: plan.budget, hash },
      tokens: { counted, reported: null, cached: null, output: null },
    });
    writer.describe(encodeTurnInfo(info));
    await permit.sent(counted);
    this.#called = performance.now();
    const answer = relay({
      model: plan.model,
      request,
      lost: writer.signal,
      write: (text) => {
        writer.write(text);
        permit.wrote(text);
      },
      deadlines,
      upstream: this.#upstream,
      onFirstText: () => {
        this.#firstText = performance.now();
      },
      onThinking: () => {
        for (const listener of this.#onThinking) listener();
      },
    });
    return { answer, counted, factor, start };
  }

  #update(more: Partial<TurnInfo>): TurnInfo {
    this.#known = { ...this.#known, ...more };
    return this.#known;
  }

  /** What the provider reported. The token counter learns from it. */
  #account(
    counted: number,
    factor: number,
    { usage, finishReason }: Completion,
    truncation: Truncation | undefined,
  ): Partial<TurnInfo> {
    const { plan, tokens } = this.#options;
    const finish = finishReason === "stop" ? {} : { finish: finishReason };
    if (usage === null) return finish;
    const read = usage.input_tokens;
    if (truncation === undefined) tokens.learn(plan.model, plan.info.model, { counted, factor, read });
    return {
      ...finish,
      tokens: { counted, reported: read, cached: usage.cached_tokens ?? null, output: usage.output_tokens },
    };
  }

  #findTruncation(counted: number, { usage }: Completion): Truncation | undefined {
    const estimated = this.#options.plan.model.countTokens === undefined;
    return suspectTruncation(counted, estimated, usage?.input_tokens ?? null);
  }

  /** By what the provider reported. Null without a report: the provider may not have read what was sent. */
  #cost({ tokens }: TurnInfo): Cost | null {
    const { reported = null, cached, output } = tokens ?? {};
    if (reported === null) return null;
    return costOf(this.#options.plan.modelInfo.price, reported, cached ?? 0, output ?? 0);
  }

  #endOf(): TurnEnd {
    if (this.#stoppedAs !== undefined) return this.#stoppedAs;
    // The signal is aborted if another process ended the turn or Redis is unavailable: `writer.end` finds out which.
    return this.#options.writer.signal.aborted ? "interrupted" : "failed";
  }

  #asFailure(error: unknown): AppError {
    if (error instanceof AppError) return error;
    this.#options.onUnexpected(error, this.turnId);
    return new AppError(
      "internal_error",
      "Something went wrong inside this server. Try again; its log has the details.",
    );
  }
}

export function toRequest(plan: Plan, context: Context): ModelRequest {
  return {
    model: plan.info.model,
    system: plan.system,
    messages: context.messages.map(({ message: { role, content } }) => ({ role, content })),
    contextWindow: plan.window,
  };
}
