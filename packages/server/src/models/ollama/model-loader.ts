import { setTimeout as sleep } from "node:timers/promises";
import type { KnownModels } from "./known-models.ts";
import type { NativeApi } from "./native-api.ts";

/** Twice as long as Ollama itself allows a model to load. */
const LOAD_TIMEOUT_MS = 600_000;
const CHECK_EVERY_MS = 5000;
const CHECK_TIMEOUT_MS = 4000;

/**
 * Has models loaded over connections of their own: Ollama gives up loading when the request that started it is
 * aborted, and the next one would start again from nothing.
 */
export class ModelLoader {
  readonly #native: NativeApi;
  readonly #known: KnownModels;
  readonly #checkEveryMs: number;
  readonly #loading = new Map<string, Promise<void>>();
  readonly #closed = new AbortController();

  constructor(native: NativeApi, known: KnownModels, checkEveryMs = CHECK_EVERY_MS) {
    this.#native = native;
    this.#known = known;
    this.#checkEveryMs = checkEveryMs;
  }

  /**
   * Resolves when the model is loaded, or when the server has refused to load it: the question itself then says why.
   * @param onLoading called at the start, and as long as the server answers other requests
   */
  async load(model: string, onLoading: () => void, signal: AbortSignal): Promise<void> {
    const loading = this.#loading.get(model) ?? this.#start(model);
    onLoading();
    for (;;) {
      const waited = await Promise.race([loading.then(() => false), pause(this.#checkEveryMs, signal)]);
      if (!waited) break;
      if (await this.#serverAnswers(signal)) onLoading();
    }
    signal.throwIfAborted();
    await this.#known.refreshLoaded(AbortSignal.any([signal, AbortSignal.timeout(CHECK_TIMEOUT_MS)]));
  }

  close(): void {
    this.#closed.abort();
  }

  #start(model: string): Promise<void> {
    const deadline = AbortSignal.any([this.#closed.signal, AbortSignal.timeout(LOAD_TIMEOUT_MS)]);
    const loading = this.#native
      .load(model, deadline)
      .catch(() => {})
      .finally(() => this.#loading.delete(model));
    this.#loading.set(model, loading);
    return loading;
  }

  async #serverAnswers(signal: AbortSignal): Promise<boolean> {
    try {
      await this.#native.loaded(
        AbortSignal.any([signal, this.#closed.signal, AbortSignal.timeout(CHECK_TIMEOUT_MS)]),
      );
      return true;
    } catch {
      return false;
    }
  }
}

/** Resolves with true after a while. @throws the signal's reason */
async function pause(ms: number, signal: AbortSignal): Promise<true> {
  await sleep(ms, undefined, { signal, ref: false }).catch(() => signal.throwIfAborted());
  return true;
}
