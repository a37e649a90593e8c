import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";

const STDERR_CHARS = 2_000;

/** How a process ended. */
export interface Exit {
  /** Such as `signal SIGSEGV`. */
  readonly reason: string;
  /** The server ended it: it did not fail. */
  readonly isWanted: boolean;
  /** The end of what it wrote to stderr. */
  readonly stderr: string;
}

/** What the program of every model says of itself. */
export type ModelState = { readonly type: "ready" } | { readonly type: "unusable"; readonly reason: string };

interface Listener<Received> {
  receive(message: Received): void;
  exited(exit: Exit): void;
}

/** One life of a process that has a model loaded. */
export class ModelChild<Sent extends object, Received extends { readonly type: string }> {
  /** Resolves when the model is loaded; rejects when the process ends before. */
  readonly ready: Promise<void>;
  readonly exited: Promise<Exit>;

  readonly #child: ChildProcess;
  readonly #listener: Listener<Received>;
  readonly #ready = Promise.withResolvers<void>();
  readonly #exited = Promise.withResolvers<Exit>();
  #exit: Exit | undefined;
  /** Why it was killed. */
  #killed: Pick<Exit, "reason" | "isWanted"> | undefined;
  #stderr = "";

  /** @param listener is told of every message, and of the end */
  constructor(program: URL, args: readonly string[], listener: Listener<Received>) {
    this.#listener = listener;
    this.ready = this.#ready.promise;
    this.exited = this.#exited.promise;
    // A waiting caller receives the error; without one it must not be unhandled.
    this.ready.catch(() => {});
    // An empty environment: the process needs no key and cannot leak one.
    this.#child = fork(fileURLToPath(program), args, {
      env: {},
      execArgv: [],
      stdio: ["ignore", "ignore", "pipe", "ipc"],
      // A vector stays one.
      serialization: "advanced",
    });
    this.#child.on("message", (message: Received) => this.#receive(message));
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

  /** Undefined while it runs. */
  get exit(): Exit | undefined {
    return this.#exit;
  }

  send(message: Sent): void {
    // A channel that breaks here is followed by the exit, which ends every call.
    if (this.#child.connected) this.#child.send(message, () => {});
  }

  kill(reason: string, isWanted: boolean): void {
    this.#killed ??= { reason, isWanted };
    // The one signal that also ends a process that hangs or was stopped.
    this.#child.kill("SIGKILL");
  }

  async close(): Promise<void> {
    this.kill("it was closed", true);
    await this.exited;
  }

  #receive(message: Received): void {
    if (isState(message)) {
      if (message.type === "ready") this.#ready.resolve();
      else this.kill(message.reason, false);
    }
    this.#listener.receive(message);
  }

  #onExit(cause: string): void {
    if (this.#exit !== undefined) return;
    const exit = { reason: cause, isWanted: false, ...this.#killed, stderr: this.#stderr };
    this.#exit = exit;
    this.#ready.reject(new Error(exit.reason));
    this.#listener.exited(exit);
    this.#exited.resolve(exit);
  }
}

const isState = (message: { readonly type: string }): message is ModelState =>
  message.type === "ready" || message.type === "unusable";
