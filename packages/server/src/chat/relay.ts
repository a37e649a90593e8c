import { AppError } from "../errors/app-error.ts";
import type { ChatModel, Completion, ModelRequest } from "./chat-model.ts";

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
  readonly write: (text: string) => void;
  readonly deadlines: Deadlines;
  /** Aborts the provider's work. Also used by the code that stops the turn in this process. */
  readonly upstream: AbortController;
  readonly onFirstText: () => void;
  readonly onThinking: () => void;
}

/**
 * Relays a model's answer into a turn. Resolves when the answer is complete. Rejects with the model's `AppError`, with
 * `provider_silent`, or with the reason for which the turn was stopped. In each case the provider's work has ended.
 */
export function relay({
  model,
  request,
  lost,
  write,
  deadlines,
  upstream,
  onFirstText,
  onThinking,
}: RelayOptions): Promise<Completion> {
  const onLost = (): void => upstream.abort(lost.reason);
  lost.addEventListener("abort", onLost, { once: true });
  if (lost.aborted) onLost();

  const silent = (): void => upstream.abort(silence(model, deadlines, alive));
  let alive = false;
  let timer = setTimeout(silent, deadlines.firstTokenMs);
  const seen = (): void => {
    if (alive) {
      timer.refresh();
    } else {
      alive = true;
      clearTimeout(timer);
      timer = setTimeout(silent, deadlines.idleMs);
    }
  };
  let firstText = true;
  const sink = {
    text: (piece: string): void => {
      seen();
      if (firstText) onFirstText();
      firstText = false;
      write(piece);
    },
    thinking: (): void => {
      seen();
      onThinking();
    },
  };
  return model.generate(request, sink, upstream.signal).finally(() => {
    clearTimeout(timer);
    lost.removeEventListener("abort", onLost);
  });
}

function silence(model: ChatModel, deadlines: Deadlines, alive: boolean): AppError {
  const seconds = (alive ? deadlines.idleMs : deadlines.firstTokenMs) / 1000;
  const what = alive
    ? `fell silent for ${seconds} s in the middle of its answer`
    : `said nothing for ${seconds} s`;
  return new AppError(
    "provider_silent",
    `${model.name} ${what}, so the turn was ended. Try again, or choose another provider.`,
  );
}
