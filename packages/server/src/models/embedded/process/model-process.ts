import type { AnswerSink, Completion } from "../../../chat/chat-model.ts";
import { AppError } from "../../../errors/app-error.ts";
import { AnswerOutput } from "../../answer-output.ts";
import type { Installed } from "../setup/setup.ts";
import { type Exit, ModelChild } from "./model-child.ts";
import type { AnswerRequest, AnswerResult, FromChild, ToChild } from "./protocol.ts";

const CHILD = new URL("../child.ts", import.meta.url);
/** Longest time without a sign of life while the model is loaded. */
const LOAD_SILENCE_MS = 60_000;
const COUNT_DEADLINE_MS = 10_000;

/** An answer that is being made. */
export interface Answer {
  /** Rejects with an `AppError`, or with the signal's reason: at once when it is aborted. */
  readonly completion: Promise<Completion>;
  /** Resolves when the process can make another one, or is gone. */
  readonly free: Promise<void>;
}

/** What belongs to a call: all but the messages on loading. */
type CallMessage = Extract<FromChild, { id: number }>;

interface Call {
  receive(message: CallMessage): void;
  exited(exit: Exit): void;
}

/** One life of the process that has the model loaded. */
export class ModelProcess {
  /** Resolves when the model is loaded; rejects when the process ends before. */
  readonly ready: Promise<void>;
  readonly exited: Promise<Exit>;

  readonly #child: ModelChild<ToChild, FromChild>;
  /** How long a cancelled answer may take to end before the process is killed instead. */
  readonly #cancelGraceMs: number;
  readonly #calls = new Map<number, Call>();
  readonly #loading: NodeJS.Timeout;
  #lastId = 0;

  constructor({ runtime, modelPath }: Installed, cancelGraceMs: number) {
    this.#cancelGraceMs = cancelGraceMs;
    this.#child = new ModelChild(CHILD, [runtime, modelPath], {
      receive: (message) => this.#receive(message),
      exited: (exit) => this.#onExit(exit),
    });
    this.ready = this.#child.ready;
    this.exited = this.#child.exited;
    this.#loading = setTimeout(() => this.#child.kill("it did not load in time", false), LOAD_SILENCE_MS);
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** One at a time. Text goes to the sink until `completion` has settled. */
  answer(request: AnswerRequest, sink: AnswerSink, signal: AbortSignal): Answer {
    const completion = Promise.withResolvers<Completion>();
    const free = Promise.withResolvers<void>();
    let wanted = true;
    let grace: NodeJS.Timeout | undefined;
    const cancel = (reason: unknown) => {
      wanted = false;
      completion.reject(reason);
      this.#child.send({ type: "cancel", id });
      grace = setTimeout(
        () => this.#child.kill("it did not stop when it was cancelled", true),
        this.#cancelGraceMs,
      );
    };
    const abort = () => cancel(signal.reason);
    const give = (what: () => void) => {
      if (!wanted) return;
      try {
        what();
      } catch (error) {
        cancel(error);
      }
    };
    const end = (settle: () => void) => {
      clearTimeout(grace);
      signal.removeEventListener("abort", abort);
      settle();
      free.resolve();
    };
    const output = new AnswerOutput(sink);
    const complete = (result: AnswerResult) => {
      // Its last pieces may still have been held back.
      if (wanted) completion.resolve(toCompletion(output, result));
    };
    const id = this.#register({
      receive: (message) => {
        if (message.type === "text") {
          give(() => {
            output.content(message.text);
            output.flush();
          });
        } else if (message.type === "working") give(() => sink.reasoning(""));
        else if (message.type === "answered") end(() => complete(message.result));
        else end(() => completion.reject(toError(message)));
      },
      exited: (exit) => end(() => completion.reject(brokeOff(exit))),
    });
    this.#child.send({ type: "answer", id, request });
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort, { once: true });
    return { completion: completion.promise, free: free.promise };
  }

  countTokens(texts: readonly string[]): Promise<number[]> {
    const { promise, resolve, reject } = Promise.withResolvers<number[]>();
    const deadline = setTimeout(() => this.#child.kill("it did not answer", false), COUNT_DEADLINE_MS);
    const id = this.#register({
      receive: (message) => {
        clearTimeout(deadline);
        if (message.type === "counted") resolve(message.counts);
        else reject(toError(message));
      },
      exited: (exit) => {
        clearTimeout(deadline);
        reject(brokeOff(exit));
      },
    });
    this.#child.send({ type: "count", id, texts });
    return promise;
  }

  close(): Promise<void> {
    return this.#child.close();
  }

  #register(call: Call): number {
    const id = ++this.#lastId;
    this.#calls.set(id, call);
    // It may have died since it was ready: then no message and no exit would ever end the call.
    const { exit } = this.#child;
    if (exit !== undefined) queueMicrotask(() => this.#calls.get(id)?.exited(exit));
    return id;
  }

  #receive(message: FromChild): void {
    switch (message.type) {
      case "loading":
        this.#loading.refresh();
        break;
      case "ready":
        clearTimeout(this.#loading);
        break;
      case "unusable":
        break;
      default: {
        const call = this.#calls.get(message.id);
        if (message.type !== "text" && message.type !== "working") this.#calls.delete(message.id);
        call?.receive(message);
      }
    }
  }

  #onExit(exit: Exit): void {
    clearTimeout(this.#loading);
    for (const call of this.#calls.values()) call.exited(exit);
    this.#calls.clear();
  }
}

const toCompletion = (
  output: AnswerOutput,
  { finishReason, inputTokens, cachedTokens, outputTokens }: AnswerResult,
): Completion =>
  output.complete(finishReason, {
    input_tokens: inputTokens,
    cached_tokens: cachedTokens,
    output_tokens: outputTokens,
  });

function toError(message: CallMessage): AppError {
  if (message.type === "too-long") {
    return new AppError(
      "provider_context_exceeded",
      `The conversation takes ${message.tokens} tokens, and the built-in model was given a window of ${message.window}. Start a new conversation, or give it a larger window.`,
    );
  }
  const reason = message.type === "failed" ? message.reason : "it stopped by itself.";
  return new AppError("provider_failed", `The built-in model could not answer: ${reason} Try again.`);
}

const brokeOff = ({ reason }: Exit): AppError =>
  new AppError(
    "provider_broke_off",
    `The built-in model's process ended while it answered (${reason}). It is started again: try again.`,
  );
