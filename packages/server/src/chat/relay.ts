import { AppError } from "../errors/app-error.ts";
import type { Activity, AnswerSink, ChatModel, Completion, ModelRequest } from "./chat-model.ts";

export interface Deadlines {
  /** How long a model may take to its first sign of life, in ms. */
  readonly firstTokenMs: number;
  /** How long it may be silent after that, in ms. */
  readonly idleMs: number;
}

interface RelayOptions {
  readonly model: ChatModel;
  readonly request: ModelRequest;
  /** Aborted when the turn is no longer this process's. */
  readonly lost: AbortSignal;
  /** Takes the output. */
  readonly out: Omit<AnswerSink, "alive">;
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

/**
 * Relays a model's answer into a turn. Resolves when the answer is complete. Rejects with the model's `AppError`, with
 * `provider_silent`, or with the reason for which the turn was stopped. In each case the provider's work has ended.
 */
export function relay({
  model,
  request,
  lost,
  out,
  deadlines,
  upstream,
  onFirstText,
  onActivity,
}: RelayOptions): Promise<Completion> {
  const onLost = (): void => upstream.abort(lost.reason);
  lost.addEventListener("abort", onLost, { once: true });
  if (lost.aborted) onLost();

  let brought = false;
  const startTimer = (ms: number) => setTimeout(() => upstream.abort(silence(model, ms, brought)), ms);
  let timer = startTimer(deadlines.firstTokenMs);
  const limit = startTimer(deadlines.firstTokenMs * MAX_WAITS);
  /** Something of the answer came. */
  const bring = (): void => {
    limit.refresh();
    if (brought) {
      timer.refresh();
    } else {
      brought = true;
      clearTimeout(timer);
      timer = startTimer(deadlines.idleMs);
    }
  };
  let answered = false;
  const answer = (): void => {
    bring();
    if (!answered) onFirstText();
    answered = true;
  };
  const sink: AnswerSink = {
    message: (phase) => {
      bring();
      out.message(phase);
    },
    text: (piece) => {
      answer();
      out.text(piece);
    },
    reasoning: (piece) => {
      bring();
      onActivity("thinking");
      out.reasoning(piece);
    },
    toolCall: (piece) => {
      answer();
      out.toolCall(piece);
    },
    alive: (activity) => {
      timer.refresh();
      if (activity !== undefined) onActivity(activity);
    },
  };
  return model.generate(request, sink, upstream.signal).finally(() => {
    clearTimeout(timer);
    clearTimeout(limit);
    lost.removeEventListener("abort", onLost);
  });
}

function silence(model: ChatModel, ms: number, brought: boolean): AppError {
  const where = brought ? " in the middle of its answer" : "";
  return new AppError(
    "provider_silent",
    `${model.name} sent nothing for ${ms / 1000} s${where}, so the turn was ended. Try again, or choose another provider.`,
  );
}
