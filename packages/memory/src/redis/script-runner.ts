import { MemoryError } from "../errors.ts";
import { type Evaluator, evaluator, type RedisClient } from "./client.ts";
import type { Script } from "./script.ts";

/**
 * What every script returns: a status, Redis' time in ms, and what the status comes with. A client can be set to
 * give numbers as strings: only the time is sure to be one.
 */
export type Reply = [status: string, now: number, ...rest: (string | number)[]];

interface RunOptions {
  /** The script may run twice without harm: it is tried again when a connection breaks under it. */
  repeatable?: boolean;
}

// Redis answered that it did not run the command, and that it soon may.
const TEMPORARY_ERROR = /^(TRYAGAIN|CLUSTERDOWN|LOADING|MASTERDOWN)\b/;
const RETRY_DELAY_MS = 50;

/** What is known of a Redis. */
interface ConnectionState {
  /** Its clock less ours, as of the last reply; a little behind, so that a deadline is rather early. */
  clockOffset?: number;
  /** It failed until a caller's deadline: until it has answered again, nobody begins to wait for it. */
  away?: boolean;
}

// Of the client, not of the instance: a server has an instance for each owner, and asks Redis for the time once.
const connectionStates = new WeakMap<RedisClient, ConnectionState>();

/** Runs scripts within a deadline: one that is late by Redis' clock does nothing, and its caller has an error. */
export class ScriptRunner {
  readonly #redis: Evaluator;
  readonly #timeoutMs: number;
  readonly #state: ConnectionState;

  constructor(client: RedisClient, timeoutMs: number) {
    this.#redis = evaluator(client);
    this.#timeoutMs = timeoutMs;
    this.#state = connectionStates.get(client) ?? {};
    connectionStates.set(client, this.#state);
  }

  /**
   * Runs a script on a session. ARGV[1] (the deadline) is put in front of `args`.
   * @throws MemoryError `unavailable`, `damaged`, `newer_layout`
   */
  run(script: Script, keys: string[], args: string[], options: RunOptions = {}): Promise<Reply> {
    const giveUpAt = performance.now() + this.#timeoutMs;
    return this.#attempt(giveUpAt, options.repeatable === true, async () => {
      this.#state.clockOffset ??= await this.#readClock(keys);
      const deadline = Math.floor(giveUpAt + this.#state.clockOffset);
      const reply = await this.#evaluate(script, keys, [String(deadline), ...args]);
      this.#state.clockOffset = reply[1] - performance.now();
      return reply;
    });
  }

  /** Runs a script that may be repeated and has no deadline of its own in Redis. */
  runWithoutDeadline(script: Script, keys: string[], args: string[]): Promise<Reply> {
    const giveUpAt = performance.now() + this.#timeoutMs;
    return this.#attempt(giveUpAt, true, () => this.#evaluate(script, keys, args));
  }

  async #attempt(giveUpAt: number, repeatable: boolean, evaluate: () => Promise<Reply>): Promise<Reply> {
    const patient = !this.#state.away;
    for (;;) {
      try {
        const reply = await this.#within(giveUpAt, evaluate());
        this.#state.away = false;
        if (reply[0] === "newer") throw newerLayout(reply[2]);
        if (reply[0] !== "late") return reply;
        // Our notion of Redis' time was off (its clock was set): it is right now.
      } catch (error) {
        // Waiting for a closed client would keep a process from ending.
        if (!isRetryable(error, repeatable) || this.#redis.isClosed()) throw toMemoryError(error);
        if (performance.now() + RETRY_DELAY_MS > giveUpAt) this.#state.away = true;
        else if (patient) {
          await new Promise((resolve) => setTimeout(resolve, RETRY_DELAY_MS));
          continue;
        }
        throw toMemoryError(error);
      }
      if (performance.now() > giveUpAt) throw unavailable("Redis was too slow");
    }
  }

  async #evaluate(script: Script, keys: string[], args: string[]): Promise<Reply> {
    const reply = (await this.#redis.bySha(script.sha1, keys, args).catch((error) => {
      if (!(error instanceof Error) || !error.message.startsWith("NOSCRIPT")) throw error;
      return this.#redis.bySource(script.source, keys, args);
    })) as Reply;
    reply[1] = Number(reply[1]);
    return reply;
  }

  async #readClock([key = ""]: string[]): Promise<number> {
    // One key: it says which node's clock, and a script on more may have to wait for a slot's migration.
    const time = await this.#redis.bySource("return redis.call('TIME')", [key], []);
    const [seconds, microseconds] = time as [string, string];
    return Number(seconds) * 1000 + Number(microseconds) / 1000 - performance.now();
  }

  /** A client can keep a command for ever (a frozen server, an offline queue): nobody waits that long. */
  #within<T>(giveUpAt: number, work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(unavailable("Redis did not answer in time")),
        Math.max(1, giveUpAt - performance.now()),
      );
      const settle =
        <V>(settled: (value: V) => void) =>
        (value: V): void => {
          clearTimeout(timer);
          settled(value);
        };
      work.then(settle(resolve), settle(reject));
    });
  }
}

const newerLayout = (version: unknown): MemoryError =>
  new MemoryError(
    "newer_layout",
    `A newer version of this library wrote this session (layout ${version}, this one knows 1): upgrade`,
  );

const unavailable = (message: string, cause?: unknown): MemoryError =>
  new MemoryError("unavailable", message, { cause });

function isRetryable(error: unknown, repeatable: boolean): boolean {
  if (!(error instanceof Error) || MemoryError.isInstance(error)) return false;
  return TEMPORARY_ERROR.test(error.message) || (repeatable && !isReply(error));
}

// An error that Redis itself sent begins with an upper-case code.
const isReply = (error: Error): boolean => /^[A-Z]{3,} /.test(error.message);

// What a script says that met another type, or a record that it cannot read.
const DAMAGED = /\bWRONGTYPE\b|\buser_script:\d+: (attempt to|bad argument|Expected) /;

function toMemoryError(error: unknown): MemoryError {
  if (MemoryError.isInstance(error)) return error;
  const message = error instanceof Error ? error.message : String(error);
  if (DAMAGED.test(message)) {
    return new MemoryError("damaged", "A key of this session is not what this library keeps there", {
      cause: error,
    });
  }
  return unavailable(`Redis did not do it: ${message}`, error);
}
