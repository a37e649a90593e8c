import { LuaWasmEngine, type ReplyValue } from "lua-redis-wasm";
import { sha1 } from "../hash.ts";
import type { NodeRedisClient, NodeRedisSubscriber } from "../redis/client.ts";
import { COMMANDS, type CommandReply } from "./commands.ts";
import { Keyspace, RedisError } from "./keyspace.ts";

/** A client, and a subscriber, of a Redis that is in this process: for tests of code that uses the library. */
export interface MemoryClient extends NodeRedisClient, NodeRedisSubscriber {
  /** Runs one of the commands that the library's scripts call, such as `["KEYS", "*"]`. */
  sendCommand(args: readonly string[]): Promise<unknown>;
  /** Makes another client of the same Redis, as another process would have. */
  duplicate(): MemoryClient;
  /** Closes this client. From then on each of its commands fails. */
  destroy(): void;
}

// Where an integer of C has 32 bits, as in WebAssembly, Lua's `%d` ends at 2,147,483,647: a time in ms is larger.
const NARROW_FORMAT = /%d(?=[^'\n]*'\):format\()/g;

/**
 * Makes a client of a new, empty Redis in this process. It runs the library's own scripts with Redis' Lua 5.1, compiled
 * to WebAssembly (`lua-redis-wasm`, an optional peer dependency). TTLs go by `Date.now()`.
 */
export async function createMemoryClient(): Promise<MemoryClient> {
  const redis = new MemoryRedis();
  const run = (args: readonly Buffer[]): ReplyValue => redis.reply(args.map((arg) => arg.toString("latin1")));
  const engine = await LuaWasmEngine.create({ host: { redisCall: run, redisPcall: run, log: () => {} } });
  return connect(redis, engine);
}

function connect(redis: MemoryRedis, engine: LuaWasmEngine): MemoryClient {
  let isOpen = true;
  // A caller never gets its reply before it goes on, as with a socket.
  const whenOpen = async <T>(work: () => T): Promise<T> => {
    await Promise.resolve();
    if (!isOpen) throw new Error("The client is closed");
    return work();
  };
  const evaluate = (source: string, keys: readonly string[], args: readonly string[]): unknown => {
    const [keyBytes = [], argBytes = []] = [keys, args].map((texts) =>
      texts.map((text) => Buffer.from(text)),
    );
    return toNative(engine.evalWithArgs(source.replace(NARROW_FORMAT, "%.0f"), keyBytes, argBytes));
  };

  return {
    get isOpen() {
      return isOpen;
    },
    eval: (source, { keys, arguments: args }) =>
      whenOpen(() => {
        redis.addScript(source);
        return evaluate(source, keys, args);
      }),
    evalSha: (digest, { keys, arguments: args }) =>
      whenOpen(() => {
        const source = redis.scripts.get(digest);
        if (source === undefined) throw new Error("NOSCRIPT No matching script. Please use EVAL.");
        return evaluate(source, keys, args);
      }),
    sendCommand: (args) => whenOpen(() => toNative(redis.reply(args.map(toBytes)))),
    subscribe: (channel, listener) => whenOpen(() => redis.subscribe(toBytes(channel), listener)),
    unsubscribe: (channel, listener) => whenOpen(() => redis.unsubscribe(toBytes(channel), listener)),
    duplicate: () => connect(redis, engine),
    destroy: () => {
      isOpen = false;
    },
  };
}

/** The keys, scripts and channels of a Redis. */
class MemoryRedis {
  readonly scripts = new Map<string, string>();
  readonly #keys = new Keyspace();
  readonly #listeners = new Map<string, Set<() => void>>();

  /** Runs a command. An error is a reply too. */
  reply([name = "", ...args]: readonly string[]): ReplyValue {
    try {
      return toReplyValue(this.#run(name.toUpperCase(), args));
    } catch (error) {
      if (!(error instanceof RedisError)) throw error;
      return { err: Buffer.from(error.message), code: Buffer.from(error.code) };
    }
  }

  /** Returns the digest that the script is known by. */
  addScript(source: string): string {
    const digest = sha1(source);
    this.scripts.set(digest, source);
    return digest;
  }

  #run(name: string, args: readonly string[]): CommandReply {
    const [first = "", second = ""] = args;
    if (name === "PUBLISH") return this.#publish(first);
    if (name === "PUBSUB") return [second, this.#listeners.get(second)?.size ?? 0];
    if (name === "SCRIPT") return this.addScript(Buffer.from(second, "latin1").toString());
    const command = COMMANDS[name];
    if (command === undefined) throw new RedisError(`unknown command '${name}'`);
    return command(this.#keys, ...args);
  }

  #publish(channel: string): number {
    const listeners = this.#listeners.get(channel) ?? new Set();
    // Not within the script that publishes.
    for (const listener of listeners) queueMicrotask(listener);
    return listeners.size;
  }

  subscribe(channel: string, listener: () => void): void {
    this.#listeners.set(channel, (this.#listeners.get(channel) ?? new Set()).add(listener));
  }

  unsubscribe(channel: string, listener: () => void): void {
    this.#listeners.get(channel)?.delete(listener);
  }
}

const toBytes = (text: string): string => Buffer.from(text).toString("latin1");

function toReplyValue(reply: CommandReply): ReplyValue {
  if (typeof reply === "string") return Buffer.from(reply, "latin1");
  if (Array.isArray(reply)) return reply.map(toReplyValue);
  if (reply === null || typeof reply === "number") return reply;
  return { ok: Buffer.from(reply.ok) };
}

/** A reply as `@redis/client` returns it. @throws Error for an error */
function toNative(value: ReplyValue): unknown {
  if (Buffer.isBuffer(value)) return value.toString();
  if (Array.isArray(value)) return value.map(toNative);
  if (value === null || typeof value !== "object") return value;
  if ("ok" in value) return value.ok.toString();
  if ("err" in value) throw new Error(`${value.code ?? "ERR"} ${value.err}`);
  return value;
}
