import type { OutputItem, TurnEnd, TurnUpdate, TurnWriter } from "@redis-memory-magic/memory";
import type { Cost } from "@redis-memory-magic/protocol";
import { AppError } from "../errors/app-error.ts";
import { AnswerWriter } from "./answer-writer.ts";
import type { StorageQuota, TurnPermit } from "./caller.ts";
import type { Activity, ChatModel, Completion, ModelRequest } from "./chat-model.ts";
import { type Context, hashPayload, leftOutOf } from "./context.ts";
import { costOf } from "./cost.ts";
import { hasMoreThanText, sentText } from "./item-tokens.ts";
import { noAnswer } from "./no-answer.ts";
import { type Prompt, promptOf } from "./normalize-prompt.ts";
import { type Plan, withReasoning, withWindow } from "./plan.ts";
import type { Providers } from "./providers.ts";
import { type Deadlines, relay } from "./relay.ts";
import { storedBytes } from "./stored-bytes.ts";
import type { EstimatedPrompt, TokenCounter } from "./token-counter.ts";
import { findTruncation, truncationOf } from "./truncation.ts";
import { encodeTurnInfo, type TurnInfo } from "./turn-info.ts";
import { type FinishedTurn, type TurnResult, toResult } from "./turn-result.ts";
import { type LoadBlob, withBlobs } from "./with-blobs.ts";

interface RunningTurnOptions {
  /** When the request arrived, by `performance.now()`. */
  readonly askedAt: number;
  readonly sessionId: string;
  readonly plan: Plan;
  readonly providers: Providers;
  readonly permit: TurnPermit;
  /** The answer is counted against it when the turn has ended. */
  readonly quota: StorageQuota;
  readonly writer: TurnWriter;
  /** Chooses what is sent; resolves when its tokens are counted. */
  readonly context: (plan: Plan) => Promise<Context>;
  /** Loads the blobs of one call of the model. */
  readonly blobLoader: () => LoadBlob;
  /** Called with a context window that the call has shown to be smaller than planned. */
  readonly onWindow: (window: number) => void;
  /** Items in the session, the turn's input included. */
  readonly count: number;
  /** True: no client waits for it. */
  readonly background: boolean;
  readonly stored: boolean;
  /** By Redis' clock, if it is stored. */
  readonly startedAt: Date;
  readonly tokens: TokenCounter;
  readonly deadlines: Deadlines;
  /** Called with an error that is not an `AppError`: a bug. */
  readonly onUnexpected: (error: unknown, turnId: string) => void;
}

/** A call of the model that is under way. */
interface Call {
  readonly answer: Promise<Completion>;
  /** Tokens of the context. */
  readonly counted: number;
  readonly largestMessage: number;
  /** What the estimate of these tokens learns from; undefined where they were counted exactly. */
  readonly estimated: EstimatedPrompt | undefined;
  /** True if the tokens of what was sent can be compared with what the provider reports. */
  readonly comparable: boolean;
  /** The index of the first message in the window, for the next turn; null: nothing was left out. */
  readonly start: number | null;
}

/** A turn that this process runs, whether or not a client waits for it. */
export class RunningTurn {
  readonly turnId: string;
  readonly sessionId: string;
  readonly info: TurnInfo;
  readonly model: ChatModel;
  readonly background: boolean;
  readonly stored: boolean;
  readonly count: number;
  readonly startedAt: Date;
  /** Settles when the turn has ended. Rejects only for a bug at its end. */
  readonly ended: Promise<FinishedTurn>;
  readonly #options: Omit<RunningTurnOptions, "context">;
  readonly #upstream = new AbortController();
  #stoppedAs: "cancelled" | "interrupted" | undefined;
  /** What is known of the turn so far. */
  #known: TurnInfo;
  #called: number | null = null;
  #firstText: number | null = null;
  #reasoned = false;
  #plan: Plan;
  /** Kept until the first text, because it holds the history that was read. */
  #context: RunningTurnOptions["context"] | undefined;
  #onActivity: ((activity: Activity) => void)[] = [];

  constructor({ context, ...options }: RunningTurnOptions) {
    this.#options = options;
    this.turnId = options.writer.id;
    this.sessionId = options.sessionId;
    this.model = options.plan.model;
    this.background = options.background;
    this.stored = options.stored;
    this.count = options.count;
    this.startedAt = options.startedAt;
    this.info = options.plan.info;
    this.#known = this.info;
    const { exhausted } = options.permit;
    exhausted?.addEventListener("abort", () => this.#upstream.abort(exhausted.reason), { once: true });
    this.#plan = options.plan;
    this.#context = context;
    this.ended = this.#run();
  }

  items(): readonly OutputItem[] {
    return this.#options.writer.feed.items;
  }

  length(): number {
    return this.#options.writer.feed.length;
  }

  follow(from: number, signal?: AbortSignal): AsyncIterable<TurnUpdate> {
    return this.#options.writer.feed.follow(from, signal);
  }

  async result(): Promise<TurnResult> {
    return (await this.ended).result;
  }

  onActivity(listener: (activity: Activity) => void): () => void {
    // Not pushed: an array that grows makes room for seventeen.
    this.#onActivity = this.#onActivity.concat(listener);
    return () => {
      this.#onActivity = this.#onActivity.filter((other) => other !== listener);
    };
  }

  /** Stops the model at once. The turn gets this status, unless it has ended already. */
  stop(as: "cancelled" | "interrupted"): void {
    this.#stoppedAs ??= as;
    this.#upstream.abort(as);
  }

  async #run(): Promise<FinishedTurn> {
    const { plan, permit, quota, writer, sessionId, stored, askedAt } = this.#options;
    const begun = performance.now();
    let remember: { window: string; from: number } | undefined;
    let status: TurnEnd = "completed";
    let failure: AppError | undefined;
    try {
      let call = await this.#call();
      let completion: Completion;
      try {
        completion = await call.answer;
      } catch (error) {
        this.#planAgain(error);
        call = await this.#call();
        completion = await call.answer;
      }
      if (call.start !== null) remember = { window: String(this.#plan.window), from: call.start };
      this.#update(this.#account(call, completion));
      if (this.#firstText === null || completion.finishReason === "no_text")
        throw noAnswer(plan.model.name, completion.finishReason, this.#reasoned);
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
    const outcome = await writer.end(status, {
      info: encodeTurnInfo(info),
      ...(remember && { context: remember }),
    });
    if (stored) quota.add(sessionId, storedBytes(writer.feed.items));
    const result = toResult({
      turnId: this.turnId,
      sessionId,
      status: outcome.status,
      text: writer.feed.text,
      items: writer.feed.items,
      count: stored ? (outcome.count ?? this.count) : 0,
      stored,
      info,
      endedAt: outcome.endedAt,
      failure,
    });
    return {
      result,
      info,
      listedModel: plan.listed ? plan.info.model : null,
      cost: this.#cost(info),
      truncation: truncationOf(info),
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

  /** Plans for what a model's refusal shows. @throws what it was given, if that shows nothing new */
  #planAgain(error: unknown): void {
    if (this.#context === undefined) throw error;
    const complete = withReasoning(this.#plan);
    if (complete) {
      this.#plan = complete;
      return;
    }
    const window = smallerWindow(error, this.#plan.window);
    if (window === null) throw error;
    this.#options.onWindow(window);
    this.#plan = withWindow(this.#plan, window);
  }

  /**
   * Calls the model, and resolves before it has answered: the context can be large and an answer can take minutes, so
   * nothing keeps the context meanwhile.
   */
  async #call(): Promise<Call> {
    const { permit, writer, deadlines, tokens: counter } = this.#options;
    const plan = this.#plan;
    const context = await this.#context?.(plan);
    if (context === undefined) throw new Error("The turn has been answered before.");
    const { items, tokens: counted, start, contents, recalled } = context;
    const { request } = toRequest(plan, context);
    // Tools stand in the prompt as each model's template writes them.
    const comparable = !hasMoreThanText(request.items) && request.settings?.tools === undefined;
    const estimated = comparable
      ? counter.describe(
          plan.model,
          [request.system, ...request.items.map(sentText)],
          [contents, recalled].flatMap((quoted) => quoted?.block || []),
        )
      : undefined;
    const from = items[0]?.index ?? 0;
    const leftOut = leftOutOf(this.count, context);
    const hash = hashPayload(request.system, request.items);
    const info = this.#update({
      ...(plan.lacks.length > 0 && { lacks: plan.lacks }),
      sent: {
        from,
        messages: items.length,
        leftOut,
        window: plan.window,
        budget: plan.budget,
        hash,
        ...(plan.notes && { notes: plan.notes }),
        ...(contents && { contents: contents.contents }),
        ...(recalled && { recall: recalled.recall }),
        ...(recalled?.items && { recalled: recalled.items }),
      },
      tokens: { counted, reported: null, cached: null, output: null },
    });
    writer.describe(encodeTurnInfo(info));
    const withData = await withBlobs(request, this.#options.blobLoader());
    const answer = relay({
      acquire: () => this.#acquire(counted),
      model: plan.model,
      request: withData,
      lost: writer.signal,
      out: new AnswerWriter(writer, permit, plan.model.origin),
      deadlines,
      upstream: this.#upstream,
      onFirstText: () => {
        this.#firstText = performance.now();
        this.#context = undefined;
        // Each function that waits for the answer would keep its request, which can be large.
        withData.items.length = 0;
      },
      onActivity: (activity) => this.#report(activity),
    });
    return { answer, counted, largestMessage: context.largestMessage, estimated, comparable, start };
  }

  /** Waits until the model may be asked, and counts the prompt. A turn that ends before that has used nothing. */
  async #acquire(tokens: number): Promise<() => void> {
    const { providers, permit, plan } = this.#options;
    const release = await providers.acquire(plan.model, this.#upstream.signal, () => this.#report("queued"));
    try {
      // The permit has counted the first prompt; one for a smaller window is shorter.
      if (this.#called === null) await permit.sent(tokens);
    } catch (error) {
      release();
      throw error;
    }
    this.#called = performance.now();
    return release;
  }

  #report(activity: Activity): void {
    if (activity === "thinking") this.#reasoned = true;
    for (const listener of this.#onActivity) listener(activity);
  }

  #update(more: Partial<TurnInfo>): TurnInfo {
    this.#known = { ...this.#known, ...more };
    return this.#known;
  }

  /** What the provider reported. The token counter learns from it. */
  #account(
    { counted, largestMessage, estimated, comparable }: Call,
    { usage, finishReason, contextWindow }: Completion,
  ): Partial<TurnInfo> {
    const { plan, tokens, onWindow } = this.#options;
    const finish = finishReason === "complete" ? {} : { finish: finishReason };
    if (usage === null) return finish;
    const { input_tokens: read, output_tokens: output, cached_tokens: cached = null } = usage;
    if (!comparable) return { ...finish, tokens: { counted, reported: read, cached, output } };
    const window = contextWindow ?? null;
    const cut = findTruncation({
      counted,
      estimated: estimated !== undefined,
      read,
      output,
      window,
      largestMessage,
    });
    if (cut?.reason !== "prompt_cut") tokens.learn(plan.model, plan.info.model, estimated, read);
    else if (window === null) onWindow(read);
    return { ...finish, ...(cut && { cut }), tokens: { counted, reported: read, cached, output } };
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

/** The window to try after a model refused a prompt as too long; null if it failed otherwise. */
function smallerWindow(error: unknown, planned: number): number | null {
  if (!(error instanceof AppError) || error.code !== "provider_context_exceeded") return null;
  const window = error.provider?.contextWindow ?? Math.floor(planned / 2);
  return window < planned ? window : null;
}

/** The request for a context, and how its history was changed for it. */
export function toRequest(plan: Plan, context: Context): { request: ModelRequest; prompt: Prompt } {
  const prompt = promptOf(
    plan.system,
    context.items.map(({ item }) => item),
    plan.lacks,
    { contents: context.contents?.block, recall: context.recalled?.block },
  );
  return { request: requestOf(plan.info, prompt, plan.window, context.tokens), prompt };
}

export const requestOf = (
  { model, settings }: Pick<TurnInfo, "model" | "settings">,
  { system, items }: Prompt,
  contextWindow: number,
  promptTokens: number,
): ModelRequest => ({
  model,
  system,
  items: items.map(({ sources: _, ...item }) => item),
  ...(settings && { settings }),
  contextWindow,
  promptTokens,
});
