import { basename } from "node:path";
import type { ModelInfo } from "@redis-memory-magic/protocol";
import type { AnswerSink, Availability, ChatModel, Completion, ModelRequest } from "../../chat/chat-model.ts";
import { joinAnswers } from "../../chat/context-item.ts";
import { AppError } from "../../errors/app-error.ts";
import { Semaphore } from "../../semaphore.ts";
import { DEFAULT_MODEL } from "./default-model.ts";
import type { Log } from "./log.ts";
import { Supervisor } from "./process/supervisor.ts";
import { readContextWindow } from "./setup/gguf-header.ts";
import { type Installed, progressText, Setup } from "./setup/setup.ts";
import { SetupError } from "./setup/setup-error.ts";
import { SwitchedOffModel } from "./switched-off-model.ts";

/** Answers that may wait for the one that is made. */
const MAX_WAITING = 8;
/** What failed is not begun anew by every message. */
const RETRY_PAUSE_MS = 10_000;
/** How often a waiting turn is shown as alive: a silent one is ended. */
const SIGN_OF_LIFE_MS = 5_000;
const FREE = { input: 0, cached_input: 0, output: 0 };

export interface EmbeddedModelConfig {
  /** `default`, `none`, or the path of a GGUF file. */
  readonly model: string;
  /** Where runtime and model are kept: `cacheFolder(env)`. */
  readonly cacheDir: string;
  /** What npm and Python are run with: PATH, proxies, their own settings. */
  readonly env: NodeJS.ProcessEnv;
  readonly log: Log;
  /** How long a cancelled answer may take to end before the process is killed instead. */
  readonly cancelGraceMs?: number;
}

const queueFull = (): AppError =>
  new AppError(
    "provider_overloaded",
    `The built-in model answers one message at a time, and ${MAX_WAITING} are waiting already. Try again in a moment, or choose another provider.`,
    { retryAfter: 5 },
  );

/** llama.cpp with a small model, in a process of its own, fetched when it is first needed. */
export function createEmbeddedModel(config: EmbeddedModelConfig): ChatModel {
  return config.model === "none" ? new SwitchedOffModel() : new EmbeddedModel(config);
}

class EmbeddedModel implements ChatModel {
  readonly id = "embedded";
  readonly settings = ["temperature", "topP", "seed", "maxOutputTokens"] as const;
  readonly lacks = ["images", "files", "tools", "output_images", "loose_arguments"] as const;
  readonly name: string;
  readonly defaultModel: string;

  /** The file given instead of the default one. */
  readonly #path: string | undefined;
  readonly #setup: Setup;
  readonly #supervisor: Supervisor;
  readonly #queue = new Semaphore(1, MAX_WAITING, queueFull);
  readonly #closing = new AbortController();
  #failedAt = Number.NEGATIVE_INFINITY;

  constructor({ model, cacheDir, env, log, cancelGraceMs }: EmbeddedModelConfig) {
    this.#path = model === "default" ? undefined : model;
    this.defaultModel = this.#path === undefined ? DEFAULT_MODEL.id : basename(this.#path, ".gguf");
    this.name = `Built-in (${this.#path === undefined ? DEFAULT_MODEL.label : this.defaultModel})`;
    this.#setup = new Setup({ model: this.#path ?? DEFAULT_MODEL.file, cacheDir, env, log });
    this.#supervisor = new Supervisor(log, cancelGraceMs);
  }

  /**
   * Fetches missing files and loads the model; both continue in the background if the result is not awaited.
   * `availability` reports progress and errors. An interrupted download continues with
   * the next call, but not within ten seconds.
   */
  async prepare(): Promise<void> {
    if (this.#closing.signal.aborted || performance.now() - this.#failedAt < RETRY_PAUSE_MS) return;
    try {
      const installed = await this.#setup.prepare();
      await this.#supervisor.ready(installed, this.#closing.signal);
    } catch {
      this.#failedAt = performance.now();
    }
  }

  async availability(): Promise<Availability> {
    const models = [await this.#modelInfo()];
    try {
      const installed = await this.#setup.find();
      const reason = this.#supervisor.unavailable;
      if (installed === undefined) return { available: false, ...this.#whyNotInstalled(), models };
      if (reason === undefined) return { available: true, models };
      return {
        available: false,
        reason,
        action: "Choose another provider; it is tried again by itself.",
        models,
      };
    } catch (error) {
      return { available: false, ...explain(error), models };
    }
  }

  async generate(request: ModelRequest, sink: AnswerSink, signal: AbortSignal): Promise<Completion> {
    const either = AbortSignal.any([signal, this.#closing.signal]);
    either.throwIfAborted();
    this.#requireModel(request.model);
    const installed = await this.#requireInstalled();
    const waiting = setInterval(() => sink.alive("queued"), SIGN_OF_LIFE_MS);
    let release = () => {};
    let free = Promise.resolve();
    try {
      release = await this.#queue.acquire(either);
      const process = await this.#supervisor.ready(installed, either);
      clearInterval(waiting);
      const { system, items, contextWindow, settings = {} } = request;
      const messages = joinAnswers(items).flatMap((item) => (item.type === undefined ? [item] : []));
      const answer = process.answer({ system, messages, contextWindow, settings }, sink, either);
      free = answer.free;
      const completion = await answer.completion;
      this.#supervisor.succeeded();
      return completion;
    } finally {
      clearInterval(waiting);
      // A cancelled answer settles at once; the next one waits until the process is really free.
      void free.then(release);
    }
  }

  /** Nothing crosses a wire. */
  wireRequest(): null {
    return null;
  }

  /** Rejects with an `AppError` while the model is not on disk, or when it cannot be loaded. */
  async countTokens(model: string, texts: readonly string[]): Promise<number[]> {
    this.#requireModel(model);
    const installed = await this.#requireInstalled();
    const process = await this.#supervisor.ready(installed, this.#closing.signal);
    return await process.countTokens(texts);
  }

  async close(): Promise<void> {
    this.#closing.abort(new AppError("provider_unavailable", "The built-in model is being shut down."));
    await Promise.all([this.#setup.stop(), this.#supervisor.close()]);
  }

  async #modelInfo(): Promise<ModelInfo> {
    const window =
      this.#path === undefined
        ? DEFAULT_MODEL.contextWindow
        : await readContextWindow(this.#path).catch(() => null);
    const capabilities = { images: false, tools: false, reasoning: false };
    return { id: this.defaultModel, context_window: window, price: FREE, capabilities };
  }

  #requireModel(model: string): void {
    if (model === this.defaultModel) return;
    throw new AppError(
      "provider_model_not_found",
      `The built-in provider has no model named ${model}. Ask for ${this.defaultModel}.`,
    );
  }

  /** Begins to fetch what is missing, and rejects until it is there. */
  async #requireInstalled(): Promise<Installed> {
    try {
      const installed = await this.#setup.find();
      if (installed !== undefined) return installed;
    } catch (error) {
      const { reason, action } = explain(error);
      throw new AppError("provider_unavailable", `${reason} ${action}`, { cause: error });
    }
    void this.prepare();
    const { reason, action } = this.#whyNotInstalled();
    throw new AppError("provider_unavailable", `${reason} ${action}`, { retryAfter: 10 });
  }

  #whyNotInstalled(): Omit<Availability, "available" | "models"> {
    const { state } = this.#setup;
    switch (state.kind) {
      case "downloading": {
        const { receivedBytes, totalBytes } = state;
        return {
          reason: `The built-in model is being downloaded: ${progressText(receivedBytes, totalBytes)}.`,
          action: "It can be used when that is done. Choose another provider until then.",
          progress: { receivedBytes, totalBytes },
        };
      }
      case "installing":
        return {
          reason: "The built-in model is being installed.",
          action: "It can be used when that is done. Choose another provider until then.",
        };
      case "failed":
        return { reason: state.error.message, action: state.error.action };
      case "idle":
      case "ready":
        return {
          reason: "The built-in model is not downloaded yet (about 580 MB).",
          action: "It is downloaded when it is first used: try again in a few minutes.",
        };
    }
  }
}

function explain(error: unknown): { reason: string; action: string } {
  if (error instanceof SetupError) return { reason: error.message, action: error.action };
  return {
    reason: `The built-in model's files cannot be read: ${error}.`,
    action: "Check the cache folder.",
  };
}
