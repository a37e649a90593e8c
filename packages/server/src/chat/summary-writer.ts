import type { Summarizer } from "@redis-memory-magic/memory";
import { AppError } from "../errors/app-error.ts";
import { Semaphore } from "../semaphore.ts";
import type { AskedTurn } from "./asked-turn.ts";
import type { Caller } from "./caller.ts";
import type { ChatModel } from "./chat-model.ts";
import type { Plan } from "./plan.ts";
import type { Providers } from "./providers.ts";
import { newSessionId } from "./session-id.ts";
import type { TokenCounter } from "./token-counter.ts";
import type { TurnRequest } from "./turn-request.ts";

interface SummaryWriterOptions {
  readonly providers: Pick<Providers, "answersAtOnce">;
  readonly tokens: TokenCounter;
  /** Begins a turn that is stored nowhere. */
  readonly ask: (caller: Caller, request: TurnRequest) => Promise<AskedTurn>;
  readonly cancel: (caller: Caller, turn: AskedTurn) => Promise<unknown>;
  /** Called with an error that is not an `AppError`: a bug. */
  readonly onUnexpected: (error: unknown) => void;
}

/** A turn whose window has left something out. */
interface SummarizedTurn {
  readonly caller: Caller;
  readonly sessionId: string;
  readonly plan: Plan;
  /** The id of the first message in its window. */
  readonly before: string;
}

const AT_ONCE = 2;
const MAX_WAITING = 100;
/** What a model may write, its reasoning included. */
const MAX_OUTPUT_TOKENS = 2_000;

/**
 * Has a turn's model sum up what its window has left out, after the turn. No turn waits for it or fails because of it. What is
 * not written now is asked for again after a later turn. The library decides whether the model is asked, and what is kept.
 */
export class SummaryWriter {
  readonly #options: SummaryWriterOptions;
  readonly #queue = new Semaphore(
    AT_ONCE,
    MAX_WAITING,
    () => new AppError("provider_overloaded", "Too many summaries wait."),
  );
  /** What aborts each call that is under way, and what it asks. */
  readonly #calls = new Map<AbortController, ChatModel>();
  readonly #closing = new AbortController();

  constructor(options: SummaryWriterOptions) {
    this.#options = options;
  }

  /** Summarizes in the background. */
  schedule(turn: SummarizedTurn): void {
    this.#write(turn).catch((error) => {
      if (!(error instanceof AppError) && error !== GIVEN_UP) this.#options.onUnexpected(error);
    });
  }

  /**
   * Gives up the newest summaries of a provider that has no place for them beside its turns.
   * @param countTurns how many it answers, without those in the background
   */
  yieldTo(model: ChatModel, countTurns: () => number): void {
    const calls = [...this.#calls].filter(([, asked]) => asked === model);
    // Most turns find no summary, and there can be thousands of turns to count.
    if (calls.length === 0) return;
    const places = Math.max(0, this.#options.providers.answersAtOnce(model) - countTurns());
    for (const [controller] of calls.slice(places)) controller.abort(GIVEN_UP);
  }

  close(): void {
    this.#closing.abort(GIVEN_UP);
    for (const controller of this.#calls.keys()) controller.abort(GIVEN_UP);
  }

  async #write({ caller, sessionId, plan, before }: SummarizedTurn): Promise<void> {
    if (plan.summary === undefined) return;
    const release = await this.#queue.acquire(this.#closing.signal);
    const { model, info } = plan;
    const summarizer: Summarizer = {
      model: info.model,
      ...plan.summary,
      countTokens: (text) => this.#options.tokens.estimate(model, info.model, text),
      write: ({ instructions, text }, { signal }) =>
        this.#ask(caller, plan, signal, {
          mode: "stateless",
          provider: info.provider,
          model: info.model,
          system: instructions,
          input: [{ role: "user", content: text }],
          session_id: newSessionId(),
          unstored: { history: [] },
          background: true,
          ...(model.settings.includes("maxOutputTokens") && {
            settings: { maxOutputTokens: MAX_OUTPUT_TOKENS },
          }),
        }),
    };
    try {
      await caller.sessions.summarize(sessionId, { before, summarizer }, caller.quota);
    } finally {
      release();
    }
  }

  /** What the model writes, if it is whole. */
  async #ask(caller: Caller, { model }: Plan, signal: AbortSignal, request: TurnRequest): Promise<string> {
    const { ask, cancel } = this.#options;
    const controller = new AbortController();
    this.#calls.set(controller, model);
    const stopped = AbortSignal.any([signal, controller.signal]);
    try {
      this.#closing.signal.throwIfAborted();
      const turn = await ask(caller, request);
      // It is rejected for a turn that has just ended.
      const stop = () => void cancel(caller, turn).catch(() => {});
      if (stopped.aborted) stop();
      else stopped.addEventListener("abort", stop, { once: true });
      const { response, error } = await turn.result();
      stopped.throwIfAborted();
      if (error) throw error;
      const isWhole = response.status === "completed" && response.finish_reason === "complete";
      if (!isWhole) throw new AppError("provider_broke_off", "The summary is not whole.");
      return response.response;
    } finally {
      this.#calls.delete(controller);
    }
  }
}

const GIVEN_UP = new DOMException("The summary was given up.", "AbortError");
