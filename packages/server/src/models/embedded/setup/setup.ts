import { dirname } from "node:path";
import type { Log } from "../log.ts";
import { readContextWindow } from "./gguf-header.ts";
import { ensureModelFile, installedModelFile, type ModelFile } from "./model-file.ts";
import { ensureRuntime, installedRuntime } from "./runtime.ts";
import { codeOf, logFields, SetupError } from "./setup-error.ts";

const LOG_INTERVAL_MS = 2_000;

/** What has to be on disk before the model can be loaded. */
export interface Installed {
  /** File URL of the module that llama.cpp is reached by. */
  readonly runtime: string;
  readonly modelPath: string;
}

export type SetupState =
  | { readonly kind: "idle" }
  | { readonly kind: "installing" }
  | { readonly kind: "downloading"; readonly receivedBytes: number; readonly totalBytes: number }
  | { readonly kind: "ready" }
  | { readonly kind: "failed"; readonly error: SetupError };

export interface SetupOptions {
  /** What is fetched, or the path of a file that is there. */
  readonly model: ModelFile | string;
  readonly cacheDir: string;
  readonly env: NodeJS.ProcessEnv;
  readonly log: Log;
}

/** Installs the runtime and the model's file once, and reports the progress. */
export class Setup {
  readonly #options: SetupOptions;
  #state: SetupState = { kind: "idle" };
  #running: { readonly done: Promise<Installed>; readonly controller: AbortController } | undefined;
  #loggedAt = Number.NEGATIVE_INFINITY;

  constructor(options: SetupOptions) {
    this.#options = options;
  }

  get state(): SetupState {
    return this.#state;
  }

  /** Resolves with the files that are on disk already. Rejects with a `SetupError` when it is unusable. */
  async find(): Promise<Installed | undefined> {
    const { model, cacheDir } = this.#options;
    const [runtime, modelPath] = await Promise.all([
      installedRuntime(cacheDir),
      typeof model === "string" ? existing(model) : installedModelFile(model, cacheDir),
    ]);
    return runtime === undefined || modelPath === undefined ? undefined : { runtime, modelPath };
  }

  /**
   * Fetches what is missing. A call while one runs joins it; a call after one failed tries again. Rejects
   * with a `SetupError`, which the state then has too.
   */
  prepare(): Promise<Installed> {
    if (this.#running === undefined) {
      const controller = new AbortController();
      this.#state = { kind: "installing" };
      const done = this.#run(controller.signal).finally(() => {
        this.#running = undefined;
      });
      this.#running = { done, controller };
    }
    return this.#running.done;
  }

  /** Ends what `prepare` does. What was received is kept for the next time. */
  async stop(): Promise<void> {
    this.#running?.controller.abort(
      new SetupError(
        "The download of the built-in model was stopped.",
        "Ask for the built-in model again to go on from where it was.",
      ),
    );
    await this.#running?.done.catch(() => {});
  }

  async #run(signal: AbortSignal): Promise<Installed> {
    try {
      const installed = (await this.find()) ?? (await this.#fetch(signal));
      this.#state = { kind: "ready" };
      return installed;
    } catch (error) {
      const failure = asSetupError(signal.aborted ? signal.reason : error, this.#options.cacheDir);
      this.#state = { kind: "failed", error: failure };
      const { log } = this.#options;
      // Without progress: a terminal that draws a bar takes it away.
      if (signal.aborted) log.info({ progress: null }, "The download of the built-in model was stopped.");
      else log.error({ ...logFields(error), progress: null }, `${failure.message} ${failure.action}`);
      throw failure;
    }
  }

  async #fetch(signal: AbortSignal): Promise<Installed> {
    const { model, cacheDir, env, log } = this.#options;
    // First, because it shows within seconds whether the model can run here at all.
    const runtime = await ensureRuntime({ cacheDir, env, signal, log });
    if (typeof model === "string") return { runtime, modelPath: model };

    const onProgress = (receivedBytes: number) => this.#onProgress(receivedBytes, model.bytes);
    const modelPath = await ensureModelFile(model, { cacheDir, env, signal, log, onProgress });
    log.info({ progress: null }, "The built-in model is downloaded and checked.");
    return { runtime, modelPath };
  }

  #onProgress(receivedBytes: number, totalBytes: number): void {
    if (this.#state.kind !== "installing" && this.#state.kind !== "downloading") return;
    this.#state = { kind: "downloading", receivedBytes, totalBytes };
    const now = performance.now();
    if (now - this.#loggedAt < LOG_INTERVAL_MS) return;
    this.#loggedAt = now;
    this.#options.log.info(
      { progress: { received_bytes: receivedBytes, total_bytes: totalBytes } },
      `Downloading the built-in model: ${progressText(receivedBytes, totalBytes)}.`,
    );
  }
}

/** `212 of 491 MB` */
export const progressText = (receivedBytes: number, totalBytes: number): string =>
  `${Math.floor(receivedBytes / 1e6)} of ${Math.round(totalBytes / 1e6)} MB`;

async function existing(path: string): Promise<string> {
  await readContextWindow(path);
  return path;
}

function asSetupError(error: unknown, cacheDir: string): SetupError {
  if (error instanceof SetupError) return error;
  const code = codeOf(error);
  // ENOENT is what a recursive mkdir says on a read-only file system.
  if (code === "EACCES" || code === "EPERM" || code === "EROFS" || code === "ENOENT") {
    return new SetupError(
      `The built-in model needs a folder of its own, and ${dirname(cacheDir)} cannot be written to (${code}).`,
      "Make it writable, or set XDG_CACHE_HOME to a folder that is.",
      { cause: error },
    );
  }
  const message = error instanceof Error ? error.message : String(error);
  return new SetupError(
    `The built-in model could not be set up: ${message}`,
    "Try again; the log has more.",
    {
      cause: error,
    },
  );
}
