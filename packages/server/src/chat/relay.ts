import { AppError } from "../errors/app-error.ts";
import type {
  Activity,
  AnswerSink,
  ChatModel,
  Completion,
  ModelRequest,
  ToolCallPiece,
} from "./chat-model.ts";
import type { Phase } from "./context-item.ts";

export interface Deadlines {
  /** How long a model may take to its first sign of life, in ms. */
  readonly firstTokenMs: number;
  /** How long it may be silent after that, in ms. */
  readonly idleMs: number;
}

interface RelayOptions {
  /** Waits until the model may be asked. Resolves with a function to call when it has answered. */
  readonly acquire: () => Promise<() => void>;
  readonly model: ChatModel;
  readonly request: ModelRequest;
  /** Aborted when the turn is no longer this process's. */
  readonly lost: AbortSignal;
  /** Takes the output, and its end. */
  readonly out: Omit<AnswerSink, "alive"> & { end(): void };
  readonly deadlines: Deadlines;
  /** Aborts the provider's work. Also used by the code that stops the turn in this process. */
  readonly upstream: AbortController;
  /** Called at the first text or tool call. */
  readonly onFirstText: () => void;
  /** Called whenever the provider shows what it does before its text. */
  readonly onActivity: (activity: Activity) => void;
}

/** A provider that only shows that it is alive, but brings nothing, is given up after so many first-word limits. */
const MAX_WAITS = 5;
/** Returns how long a relay waits for output at most, in ms. */
export const longestSilenceMs = ({ firstTokenMs, idleMs }: Deadlines): number =>
  // A sign of life just before the last limit starts another wait.
  firstTokenMs * MAX_WAITS + Math.max(firstTokenMs, idleMs);

/**
 * Relays a model's answer into a turn, as soon as the model may be asked. Resolves when the answer is complete. Rejects
 * with the error of `acquire`, the model's `AppError`, `provider_silent`, or the reason for which the turn was stopped.
 * In each case the provider's work has ended.
 */
export async function relay({
  acquire,
  model,
  request,
  lost,
  ...options
}: RelayOptions): Promise<Completion> {
  const { upstream } = options;
  const onLost = (): void => upstream.abort(lost.reason);
  lost.addEventListener("abort", onLost, { once: true });
  if (lost.aborted) onLost();
  try {
    const release = await acquire();
    // Its timers begin now: a model that was not asked yet is not silent.
    const sink = new RelaySink(model, options);
    try {
      return await model.generate(request, sink, upstream.signal);
    } finally {
      sink.close();
      release();
    }
  } finally {
    lost.removeEventListener("abort", onLost);
    options.out.end();
  }
}

type SinkOptions = Omit<RelayOptions, "acquire" | "model" | "request" | "lost">;

/** Passes the output on and ends a provider that is silent. */
class RelaySink implements AnswerSink {
  readonly #model: ChatModel;
  readonly #options: SinkOptions;
  /** When something of the answer came last, by `performance.now()`. */
  #broughtAt = performance.now();
  #timer: NodeJS.Timeout;
  /** Something of the answer came. */
  #brought = false;
  #answered = false;

  constructor(model: ChatModel, options: SinkOptions) {
    this.#model = model;
    this.#options = options;
    this.#timer = this.#startTimer(options.deadlines.firstTokenMs);
  }

  message(phase: Phase | undefined): void {
    this.#bring();
    this.#options.out.message(phase);
  }

  text(piece: string): void {
    this.#answer();
    this.#options.out.text(piece);
  }

  reasoning(piece: string): void {
    this.#bring();
    this.#options.onActivity("thinking");
    this.#options.out.reasoning(piece);
  }

  toolCall(piece: ToolCallPiece): void {
    this.#answer();
    this.#options.out.toolCall(piece);
  }

  ending(): void {
    this.#options.out.ending();
  }

  alive(activity?: Activity): void {
    const limitMs = this.#options.deadlines.firstTokenMs * MAX_WAITS;
    if (performance.now() - this.#broughtAt >= limitMs) this.#giveUp(limitMs);
    this.#timer.refresh();
    if (activity !== undefined) this.#options.onActivity(activity);
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #answer(): void {
    this.#bring();
    if (!this.#answered) this.#options.onFirstText();
    this.#answered = true;
  }

  #bring(): void {
    this.#broughtAt = performance.now();
    if (this.#brought) {
      this.#timer.refresh();
    } else {
      this.#brought = true;
      clearTimeout(this.#timer);
      this.#timer = this.#startTimer(this.#options.deadlines.idleMs);
    }
  }

  #startTimer(ms: number): NodeJS.Timeout {
    return setTimeout(() => this.#giveUp(ms), ms);
  }

  #giveUp(ms: number): void {
    this.#options.upstream.abort(silence(this.#model, ms, this.#brought));
  }
}

function silence(model: ChatModel, ms: number, brought: boolean): AppError {
  const where = brought ? " in the middle of its answer" : "";
  return new AppError(
    "provider_silent",
    `${model.name} sent nothing for ${ms / 1000} s${where}, so the turn was ended. Try again, or choose another provider.`,
  );
}
