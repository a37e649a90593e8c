import { setDeadline } from "../deadline.ts";
import { damaged, MemoryError } from "../errors.ts";
import { type Evaluator, evaluator, type RedisClient } from "./client.ts";
import type { Script } from "./script.ts";

/**
 * What every script returns: a status, Redis' time in ms, and what belongs to the status. A client can be set to
 * return numbers as strings: only the time is always a number.
 */
export type Reply = [status: string, now: number, ...rest: (string | number)[]];

/** Runs a script on one session. */
export type RunScript = (script: Script, args: string[]) => Promise<Reply>;

// Every status that a script returns.
const STATUSES = new Set([
  ...[
    "ok",
    "late",
    "newer",
    "more",
    "unknown",
    "unknown_message",
    "unknown_turn",
    "duplicate",
    "changed",
    "gone",
    "taken",
    "lost",
    "recent",
  ],
  ...["begun", "busy", "replay", "mismatch", "refused", "running", "ended", "conflict", "sessions", "bytes"],
  ...["too_large"],
]);

interface RunOptions {
  /** True if the script may run twice without harm: it is retried when the connection breaks. */
  repeatable?: boolean;
}

// Redis has not run the command, and may soon.
const TEMPORARY_ERROR = /^(TRYAGAIN|CLUSTERDOWN|LOADING|MASTERDOWN|BUSY)\b/;
// Bun's own client was closed, or has given up: it does not connect again by itself.
const CONNECTION_GAVE_UP = "Connection has failed";
const RETRY_DELAY_MS = 50;

/** What is known of the Redis behind a client. */
interface ConnectionState {
  /** Its clock minus the local one, as of the last reply; a little less, so that deadlines are rather early. */
  clockOffset?: number;
  /** True if it failed until a caller's deadline: until it answers again, callers try once and do not wait. */
  away?: boolean;
}

// For each client, not each instance: a server has an instance for each owner, and asks Redis for the time once.
const connectionStates = new WeakMap<RedisClient, ConnectionState>();

/** Runs scripts with a deadline. A script that starts after it, by Redis' clock, does nothing: its caller has an error. */
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
      // Waiting for a closed client would keep the process from exiting, and one of sentinels fails in its own code.
      if (this.#redis.isClosed())
        throw unavailable("the Redis client is closed or was never connected: await client.connect() first");
      try {
        const reply = await this.#within(giveUpAt, evaluate());
        this.#state.away = false;
        if (reply[0] === "newer") throw newerLayout(reply[2]);
        if (reply[0] !== "late") return reply;
        // The clock offset was wrong (Redis' clock was set). It has just been corrected.
      } catch (error) {
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
    const reply = await this.#redis.bySha(script.sha1, keys, args).catch((error) => {
      if (!(error instanceof Error) || !error.message.startsWith("NOSCRIPT")) throw error;
      return this.#redis.bySource(script.source, keys, args);
    });
    return toReply(reply);
  }

  async #readClock([key = ""]: string[]): Promise<number> {
    // One key: it says which node's clock, and a script on more may have to wait for a slot's migration.
    const time = await this.#redis.bySource("return redis.call('TIME')", [key], []);
    if (!Array.isArray(time) || time.length !== 2) throw wrongClient();
    const [seconds, microseconds] = time.map((part) => Number(String(part)));
    return (seconds ?? 0) * 1000 + (microseconds ?? 0) / 1000 - performance.now();
  }

  /** A client can keep a command for ever (a frozen server, an offline queue); a caller waits until its deadline. */
  #within<T>(giveUpAt: number, work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const timer = setDeadline(
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

const UTF8 = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * A client can be set to return Buffers instead of strings, and `@redis/client` does so on a RESP2 connection that was
 * once subscribed. @throws TypeError for what is not the reply of a script
 */
function toReply(reply: unknown): Reply {
  if (!Array.isArray(reply)) throw wrongClient();
  if (typeof reply[0] !== "string") {
    for (const [n, value] of reply.entries()) if (value instanceof Uint8Array) reply[n] = UTF8.decode(value);
  }
  reply[1] = Number(reply[1]);
  if (!STATUSES.has(reply[0]) || Number.isNaN(reply[1])) throw wrongClient();
  return reply as Reply;
}

const wrongClient = (): TypeError =>
  new TypeError(
    "client does not return the replies of scripts as they are: pass a connected client of @redis/client or " +
      "ioredis without legacyMode, not a pipeline or a transaction",
  );

const newerLayout = (version: unknown): MemoryError =>
  new MemoryError(
    "newer_layout",
    `A newer version of this library wrote this session (layout ${version}, this one knows 1 and 2): upgrade`,
  );

const unavailable = (message: string, cause?: unknown): MemoryError =>
  new MemoryError("unavailable", message, { cause });

function isRetryable(error: unknown, repeatable: boolean): boolean {
  if (!(error instanceof Error) || error instanceof TypeError || MemoryError.isInstance(error)) return false;
  if (error.message === CONNECTION_GAVE_UP) return false;
  return TEMPORARY_ERROR.test(error.message) || (repeatable && !isReply(error));
}

// The message of an error that Redis sent begins with an upper-case code.
const isReply = (error: Error): boolean => /^[A-Z]{3,} /.test(error.message);

// Errors of a script that finds a key of another type, text where it needs a number, or a record that it cannot read.
const DAMAGED =
  /\bWRONGTYPE\b|\bvalue is not an integer\b|\buser_script:\d+: (attempt to|bad argument|Expected) /;

function toMemoryError(error: unknown): MemoryError | TypeError {
  if (MemoryError.isInstance(error) || error instanceof TypeError) return error;
  const message = error instanceof Error ? error.message : String(error);
  if (message.includes("SUBSCRIBE")) {
    return new TypeError("client is subscribed to channels: pass another connection as the subscriber", {
      cause: error,
    });
  }
  if (DAMAGED.test(message)) return damaged(error);
  return unavailable(`Redis did not do it: ${message}`, error);
}
