import { ProviderFailure } from "../provider-failure.ts";
import type { ProviderHttp } from "../provider-http.ts";
import { parseAllocatedWindows, parseLargestWindow } from "./wire.ts";

/** Ollama's own API stands beside `/v1`. */
const PS = "../api/ps";
const SHOW = "../api/show";

/**
 * How much each of Ollama's models reads. What one was given when it was last loaded is what it will be given
 * again; before that only the most that it could be given is known. Another server than Ollama says nothing.
 */
export class ContextWindows {
  readonly #http: ProviderHttp;
  readonly #allocated = new Map<string, number>();
  readonly #largest = new Map<string, number | null>();

  constructor(http: ProviderHttp) {
    this.#http = http;
  }

  /** Finds out about those not known yet, the first ones first. Never rejects: what is not answered stays unknown. */
  async learn(models: Iterable<string>, signal: AbortSignal): Promise<void> {
    try {
      for (const [model, window] of parseAllocatedWindows(await this.#http.getJson(PS, signal)))
        this.#allocated.set(model, window);
      // One after the other: a server with fifty models is not to be asked fifty things at once.
      for (const model of models)
        if (!this.#largest.has(model)) this.#largest.set(model, await this.#largestOf(model, signal));
    } catch {
      // Not Ollama, or out of time: the next call goes on from here.
    }
  }

  of(model: string): number | null {
    return this.#allocated.get(model) ?? this.#largest.get(model) ?? null;
  }

  async #largestOf(model: string, signal: AbortSignal): Promise<number | null> {
    try {
      return parseLargestWindow(await this.#http.postForJson(SHOW, { model }, signal));
    } catch (error) {
      // An answer, if not the one wanted, is not asked for again.
      if (error instanceof ProviderFailure && error.status !== undefined) return null;
      throw error;
    }
  }
}
