import type { BuiltInEmbedding, EmbeddingUse } from "../../chat/built-in-embedding.ts";
import { counted } from "../../counted.ts";
import { AppError } from "../../errors/app-error.ts";
import type { Log } from "../embedded/log.ts";
import type { Exit } from "../embedded/process/model-child.ts";
import { logFields, SetupError } from "../embedded/setup/setup-error.ts";
import { E5_SMALL } from "./e5-small.ts";
import { EmbeddingProcess } from "./embedding-process.ts";
import type { EncoderFiles } from "./encoder.ts";
import { ensureEncoder, installedEncoder } from "./setup.ts";

export interface EmbeddingModelConfig {
  /** Where runtime and model are kept: `cacheFolder(env)`. */
  readonly cacheDir: string;
  /** What npm is run with, without the secrets. */
  readonly env: NodeJS.ProcessEnv;
  readonly log: Log;
  /** How long its process may say nothing while it has something to do. */
  readonly silenceMs?: number;
}

/** What failed is not fetched anew by every search. */
const RETRY_FETCH_MS = 10 * 60_000;
/** Failures in a row after which the process is not started for a while. */
const MAX_FAILURES = 3;
const PAUSE_MS = 60_000;
/** A download takes about so long. */
const FETCH_SECONDS = 30;
/** Texts of a call that are with the process at a time: what other calls ask for comes between. */
const BATCH = 16;

/**
 * The built-in embedding model: fetched in the background when it is first needed, loaded in a process of its own, and
 * started again after a crash.
 */
export class EmbeddingModel implements BuiltInEmbedding {
  readonly id: string = E5_SMALL.id;
  readonly dimensions: number = E5_SMALL.dimensions;
  readonly minSimilarity: number = E5_SMALL.minSimilarity;
  readonly #config: EmbeddingModelConfig;
  readonly #closing = new AbortController();
  #files: EncoderFiles | undefined;
  #fetching: Promise<void> | undefined;
  #fetchAfter = Number.NEGATIVE_INFINITY;
  #failure: SetupError | undefined;
  #process: EmbeddingProcess | undefined;
  #failures = 0;
  #startAfter = Number.NEGATIVE_INFINITY;

  constructor(config: EmbeddingModelConfig) {
    this.#config = config;
  }

  get isReady(): boolean {
    return this.#files !== undefined && performance.now() >= this.#startAfter;
  }

  /** Of its process, while there is one. */
  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** Why it cannot be used, and what to do: sentences for people. Undefined: it can. */
  get unavailable(): { readonly reason: string; readonly action: string } | undefined {
    if (this.isReady) return undefined;
    const action = "Recall finds turns by their words until then.";
    if (this.#files !== undefined) {
      const reason = `The built-in embedding model failed ${this.#failures} times in a row.`;
      return { reason, action: `It is started again by itself. ${action}` };
    }
    if (this.#fetching) return { reason: "The built-in embedding model is being downloaded.", action };
    if (this.#failure) return { reason: this.#failure.message, action: this.#failure.action };
    return {
      reason: "The built-in embedding model is not downloaded yet (about 130 MB).",
      action: `It is downloaded when it is first used. ${action}`,
    };
  }

  /** Looks whether the files are on disk; fetches nothing. */
  async find(): Promise<boolean> {
    this.#files ??= await installedEncoder(this.#config.cacheDir).catch(() => undefined);
    return this.#files !== undefined;
  }

  prepare(): Promise<void> {
    if (this.#files !== undefined || this.#closing.signal.aborted) return Promise.resolve();
    if (performance.now() < this.#fetchAfter) return Promise.resolve();
    this.#fetching ??= this.#fetch().finally(() => {
      this.#fetching = undefined;
    });
    return this.#fetching;
  }

  async embed(texts: readonly string[], purpose: EmbeddingUse, signal: AbortSignal): Promise<Float32Array[]> {
    const either = AbortSignal.any([signal, this.#closing.signal]);
    either.throwIfAborted();
    await this.find();
    if (!this.isReady || this.#files === undefined) throw this.#notReady();
    this.#process ??= this.#start(this.#files);
    const process = this.#process;
    try {
      await process.ready;
      const vectors: Float32Array[] = [];
      for (let from = 0; from < texts.length; from += BATCH) {
        const batch = texts.slice(from, from + BATCH);
        vectors.push(...(await Promise.all(batch.map((text) => process.embed(text, purpose, either)))));
      }
      this.#failures = 0;
      return vectors;
    } catch (error) {
      either.throwIfAborted();
      const reason = error instanceof Error ? error.message : String(error);
      throw new AppError(
        "provider_broke_off",
        `The built-in embedding model failed: ${reason}. It is started again: try again.`,
      );
    }
  }

  async close(): Promise<void> {
    const reason = new AppError("provider_unavailable", "The built-in embedding model is being shut down.");
    this.#closing.abort(reason);
    await Promise.all([this.#fetching, this.#process?.close()]);
  }

  #notReady(): AppError {
    const until = this.#files === undefined ? this.#fetchAfter : this.#startAfter;
    const retryAfter = Math.max(FETCH_SECONDS, Math.ceil((until - performance.now()) / 1000));
    return new AppError(
      "provider_unavailable",
      `${this.unavailable?.reason} Try again in ${counted(retryAfter, "second")}, or use another embedding model.`,
      { retryAfter },
    );
  }

  async #fetch(): Promise<void> {
    const { log, ...options } = this.#config;
    const { signal } = this.#closing;
    try {
      this.#files = await ensureEncoder({ ...options, log, signal });
      this.#failure = undefined;
      log.info({}, "The built-in embedding model is ready: recall finds turns by their meaning, too.");
    } catch (error) {
      if (signal.aborted) return;
      this.#fetchAfter = performance.now() + RETRY_FETCH_MS;
      this.#failure =
        error instanceof SetupError
          ? error
          : new SetupError(
              `The built-in embedding model cannot be set up: ${error}.`,
              "Check the cache folder.",
            );
      log.warn(logFields(error), `${this.#failure.message} ${this.#failure.action}`);
    }
  }

  #start(files: EncoderFiles): EmbeddingProcess {
    const process = new EmbeddingProcess(files, this.#config.silenceMs);
    void process.exited.then((exit) => {
      this.#process = undefined;
      if (!exit.isWanted) this.#onFailure(exit);
    });
    return process;
  }

  #onFailure({ reason, stderr }: Exit): void {
    this.#failures++;
    if (this.#failures >= MAX_FAILURES) this.#startAfter = performance.now() + PAUSE_MS;
    const message = `The built-in embedding model's process ended: ${reason}.`;
    this.#config.log.warn({ failures: this.#failures, stderr }, message);
  }
}
