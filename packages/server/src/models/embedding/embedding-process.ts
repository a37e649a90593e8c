import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { E5_SMALL } from "./e5-small.ts";
import type { EncoderFiles } from "./encoder.ts";
import type { EmbeddingPurpose, FromChild, ToChild } from "./protocol.ts";

const CHILD = fileURLToPath(new URL("./child.ts", import.meta.url));
/** A text takes some 10 ms, and loading less than a second. A process that says nothing for so long has stopped. */
const SILENCE_MS = 30_000;
const STDERR_CHARS = 2_000;

export interface Exit {
  /** Such as `signal SIGSEGV`. */
  readonly reason: string;
  /** The server ended it: it did not fail. */
  readonly isWanted: boolean;
  readonly stderr: string;
}

/** One life of the process that has the embedding model loaded. */
export class EmbeddingProcess {
  /** Resolves when the model is loaded; rejects when the process ends before. */
  readonly ready: Promise<void>;
  readonly exited: Promise<Exit>;

  readonly #child: ChildProcess;
  readonly #calls = new Map<number, PromiseWithResolvers<Float32Array>>();
  readonly #ready = Promise.withResolvers<void>();
  readonly #exited = Promise.withResolvers<Exit>();
  readonly #silence: NodeJS.Timeout;
  #killed: { reason: string; isWanted: boolean } | undefined;
  #exit: Exit | undefined;
  #stderr = "";
  #isReady = false;
  #lastId = 0;

  constructor(files: EncoderFiles, silenceMs = SILENCE_MS) {
    this.ready = this.#ready.promise;
    this.exited = this.#exited.promise;
    // A waiting caller receives the error; without one it must not be unhandled.
    this.ready.catch(() => {});
    // An empty environment: the process needs no key and cannot leak one.
    this.#child = fork(CHILD, [JSON.stringify(files)], {
      env: {},
      execArgv: [],
      stdio: ["ignore", "ignore", "pipe", "ipc"],
      serialization: "advanced",
    });
    this.#silence = setTimeout(() => {
      if (!this.#isReady || this.#calls.size > 0) this.#kill("it did not answer", false);
    }, silenceMs).unref();
    this.#child.on("message", (message: FromChild) => this.#receive(message));
    this.#child.on("error", (error) => {
      // Other errors (of a signal, of a message) come while it runs, and its exit follows.
      if (this.#child.pid === undefined) this.#onExit(error.message);
    });
    this.#child.on("exit", (code, signal) => this.#onExit(signal ? `signal ${signal}` : `exit code ${code}`));
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-STDERR_CHARS);
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Rejects when the process ends before, and with the signal's reason, at once. */
  async embed(text: string, purpose: EmbeddingPurpose, signal: AbortSignal): Promise<Float32Array> {
    signal.throwIfAborted();
    if (this.#exit) throw new Error(this.#exit.reason);
    const id = ++this.#lastId;
    const call = Promise.withResolvers<Float32Array>();
    if (this.#calls.size === 0) this.#silence.refresh();
    this.#calls.set(id, call);
    const cancel = () => {
      call.reject(signal.reason);
      // The process answers all the same: a call that it does not answer shows that it has stopped.
      this.#send({ type: "cancel", id });
    };
    signal.addEventListener("abort", cancel, { once: true });
    this.#send({ type: "embed", id, text: text.slice(0, E5_SMALL.maxCharacters), purpose });
    try {
      return await call.promise;
    } finally {
      signal.removeEventListener("abort", cancel);
    }
  }

  async close(): Promise<void> {
    this.#kill("it was closed", true);
    await this.exited;
  }

  #send(message: ToChild): void {
    // A channel that breaks here is followed by the exit, which ends every call.
    if (this.#child.connected) this.#child.send(message, () => {});
  }

  #receive(message: FromChild): void {
    this.#silence.refresh();
    if (message.type === "unusable") this.#kill(message.reason, false);
    else if (message.type === "ready") {
      this.#isReady = true;
      this.#ready.resolve();
    } else {
      const call = this.#calls.get(message.id);
      this.#calls.delete(message.id);
      if (message.type === "embedded") call?.resolve(message.vector);
      else call?.reject(new Error(message.reason));
    }
  }

  #kill(reason: string, isWanted: boolean): void {
    this.#killed ??= { reason, isWanted };
    // The one signal that also ends a process that hangs or was stopped.
    this.#child.kill("SIGKILL");
  }

  #onExit(cause: string): void {
    if (this.#exit !== undefined) return;
    const { reason, isWanted } = this.#killed ?? { reason: cause, isWanted: false };
    const exit = { reason, isWanted, stderr: this.#stderr };
    this.#exit = exit;
    clearTimeout(this.#silence);
    this.#ready.reject(new Error(reason));
    for (const call of this.#calls.values()) call.reject(new Error(reason));
    this.#calls.clear();
    this.#exited.resolve(exit);
  }
}
