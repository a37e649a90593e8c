import { setTimeout as sleep } from "node:timers/promises";
import { counted } from "../../../counted.ts";
import { AppError } from "../../../errors/app-error.ts";
import type { Log } from "../log.ts";
import type { Installed } from "../setup/setup.ts";
import type { Exit } from "./model-child.ts";
import { ModelProcess } from "./model-process.ts";

/** Failures in a row after which it is unavailable for a while instead of being restarted at once. */
const MAX_FAILURES = 3;
const CANCEL_GRACE_MS = 3_000;
const FIRST_PAUSE_MS = 30_000;
const LONGEST_PAUSE_MS = 5 * 60_000;

/** Keeps one process with the model: started on need, again after a crash, ever later when it keeps crashing. */
export class Supervisor {
  readonly #log: Log;
  readonly #cancelGraceMs: number;
  #current: ModelProcess | undefined;
  #failures = 0;
  #lastReason = "";
  #startAfter = 0;

  constructor(log: Log, cancelGraceMs = CANCEL_GRACE_MS) {
    this.#log = log;
    this.#cancelGraceMs = cancelGraceMs;
  }

  /** Why no process is started now, for people; undefined when one is or can be. */
  get unavailable(): string | undefined {
    if (this.#failures < MAX_FAILURES || this.#pauseMs() <= 0) return undefined;
    return `The built-in model failed ${this.#failures} times in a row: ${this.#lastReason}.`;
  }

  /** A process that has the model loaded. Rejects with `provider_unavailable`, or with the signal's reason. */
  async ready(installed: Installed, signal: AbortSignal): Promise<ModelProcess> {
    signal.throwIfAborted();
    if (this.unavailable !== undefined) {
      const retryAfter = Math.ceil(this.#pauseMs() / 1000);
      throw new AppError(
        "provider_unavailable",
        `${this.unavailable} It is tried again in ${counted(retryAfter, "second")}. Choose another provider until then.`,
        { retryAfter },
      );
    }
    if (this.#current === undefined && this.#pauseMs() > 0) {
      await sleep(this.#pauseMs(), undefined, { signal }).catch(() => signal.throwIfAborted());
    }
    this.#current ??= this.#start(installed);
    const process = this.#current;
    await unlessAborted(process.ready, signal).catch((error: Error) => {
      signal.throwIfAborted();
      throw new AppError(
        "provider_unavailable",
        `The built-in model could not be loaded: ${error.message}. Try again.`,
        {
          cause: error,
        },
      );
    });
    return process;
  }

  /** An answer was whole: earlier crashes no longer count. */
  succeeded(): void {
    this.#failures = 0;
  }

  async close(): Promise<void> {
    await this.#current?.close();
  }

  #start(installed: Installed): ModelProcess {
    const startedAt = performance.now();
    const process = new ModelProcess(installed, this.#cancelGraceMs);
    process.ready.then(
      () => {
        const fields = { pid: process.pid, load_ms: Math.round(performance.now() - startedAt) };
        this.#log.info(fields, "The built-in model is loaded.");
      },
      () => {},
    );
    void process.exited.then((exit) => {
      this.#current = undefined;
      if (!exit.isWanted) this.#onFailure(exit);
    });
    return process;
  }

  #onFailure({ reason, stderr }: Exit): void {
    this.#failures++;
    this.#lastReason = reason;
    this.#startAfter = performance.now() + pauseAfter(this.#failures);
    this.#log.warn({ failures: this.#failures, stderr }, `The built-in model's process ended: ${reason}.`);
  }

  #pauseMs(): number {
    return this.#startAfter - performance.now();
  }
}

function pauseAfter(failures: number): number {
  if (failures < MAX_FAILURES) return (failures - 1) * 1_000;
  return Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (failures - MAX_FAILURES));
}

function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
