import type { EmbeddingUse } from "../../chat/built-in-embedding.ts";
import { type Exit, ModelChild } from "../embedded/process/model-child.ts";
import { E5_SMALL } from "./e5-small.ts";
import type { EncoderFiles } from "./encoder.ts";
import type { FromChild, ToChild } from "./protocol.ts";

const CHILD = new URL("./child.ts", import.meta.url);
/** A text takes some 10 ms, and loading less than a second. A process that says nothing for so long has stopped. */
const SILENCE_MS = 30_000;

/** One life of the process that has the embedding model loaded. */
export class EmbeddingProcess {
  /** Resolves when the model is loaded; rejects when the process ends before. */
  readonly ready: Promise<void>;
  readonly exited: Promise<Exit>;

  readonly #child: ModelChild<ToChild, FromChild>;
  readonly #calls = new Map<number, PromiseWithResolvers<Float32Array>>();
  readonly #silence: NodeJS.Timeout;
  #isReady = false;
  #lastId = 0;

  constructor(files: EncoderFiles, silenceMs = SILENCE_MS) {
    this.#child = new ModelChild(CHILD, [JSON.stringify(files)], {
      receive: (message) => this.#receive(message),
      exited: ({ reason }) => this.#onExit(reason),
    });
    this.ready = this.#child.ready;
    this.exited = this.#child.exited;
    this.#silence = setTimeout(() => {
      if (!this.#isReady || this.#calls.size > 0) this.#child.kill("it did not answer", false);
    }, silenceMs).unref();
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Rejects when the process ends before, and with the signal's reason, at once. */
  async embed(text: string, purpose: EmbeddingUse, signal: AbortSignal): Promise<Float32Array> {
    signal.throwIfAborted();
    if (this.#child.exit) throw new Error(this.#child.exit.reason);
    const id = ++this.#lastId;
    const call = Promise.withResolvers<Float32Array>();
    if (this.#calls.size === 0) this.#silence.refresh();
    this.#calls.set(id, call);
    const cancel = () => {
      call.reject(signal.reason);
      // The process answers all the same: a call that it does not answer shows that it has stopped.
      this.#child.send({ type: "cancel", id });
    };
    signal.addEventListener("abort", cancel, { once: true });
    this.#child.send({ type: "embed", id, text: text.slice(0, E5_SMALL.maxCharacters), purpose });
    try {
      return await call.promise;
    } finally {
      signal.removeEventListener("abort", cancel);
    }
  }

  close(): Promise<void> {
    return this.#child.close();
  }

  #receive(message: FromChild): void {
    this.#silence.refresh();
    if (message.type === "ready") this.#isReady = true;
    else if (message.type !== "unusable") {
      const call = this.#calls.get(message.id);
      this.#calls.delete(message.id);
      if (message.type === "embedded") call?.resolve(message.vector);
      else call?.reject(new Error(message.reason));
    }
  }

  #onExit(reason: string): void {
    clearTimeout(this.#silence);
    for (const call of this.#calls.values()) call.reject(new Error(reason));
    this.#calls.clear();
  }
}
