import { z } from "zod";
import { AppError } from "../../errors/app-error.ts";
import { mapInBatches } from "../../map-in-batches.ts";
import type { ProviderHttp } from "../provider-http.ts";
import { parseAs } from "../wire-json.ts";

// llama.cpp and vLLM have it beside `/v1`.
const PATH = "../tokenize";
const TIMEOUT_MS = 3000;
const AT_ONCE = 8;

/** llama.cpp's answer has the tokens, vLLM's their number too. */
const counted = z.union([
  z.object({ count: z.int().nonnegative() }).transform(({ count }) => count),
  z.object({ tokens: z.array(z.unknown()) }).transform(({ tokens }) => tokens.length),
]);

/** A server's own tokenizer, where it has one. */
export class ServerTokenizer {
  readonly #http: ProviderHttp;
  #found: boolean | undefined;

  constructor(http: ProviderHttp) {
    this.#http = http;
  }

  /** True once the server has counted something. */
  get found(): boolean {
    return this.#found === true;
  }

  /** Asks once whether the server has a tokenizer. Never rejects. */
  async look(model: string): Promise<void> {
    if (this.#found !== undefined) return;
    try {
      await this.#countOne(model, "Hello", AbortSignal.timeout(TIMEOUT_MS));
      this.#found = true;
    } catch (error) {
      // A server that did not answer in time is asked again.
      if (error instanceof AppError && error.code !== "provider_unavailable") this.#found = false;
    }
  }

  /** Tokens of each text. @throws AppError if the server does not count them in time */
  async count(model: string, texts: readonly string[]): Promise<number[]> {
    const deadline = AbortSignal.timeout(TIMEOUT_MS);
    return mapInBatches(texts, AT_ONCE, (text) => this.#countOne(model, text, deadline));
  }

  async #countOne(model: string, text: string, signal: AbortSignal): Promise<number> {
    const body = { model, content: text, prompt: text, add_special_tokens: false, add_special: false };
    return parseAs(counted, await this.#http.postForJson(PATH, body, signal));
  }
}
