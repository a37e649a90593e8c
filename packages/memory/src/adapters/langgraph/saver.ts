import type { RunnableConfig } from "@langchain/core/runnables";
import {
  BaseCheckpointSaver,
  type ChannelVersions,
  type Checkpoint,
  type CheckpointListOptions,
  type CheckpointMetadata,
  type CheckpointPendingWrite,
  type CheckpointTuple,
  compareWritesSortKeys,
  copyCheckpoint,
  getCheckpointId,
  maxChannelVersion,
  type PendingWrite,
  type SerializerProtocol,
  TASKS,
  WRITES_IDX_MAP,
  writesSortKey,
} from "@langchain/langgraph-checkpoint";
import { fromBase64, toBase64 } from "../../bytes.ts";
import { percentEncode } from "../../redis/keys.ts";
import type { Script } from "../../redis/script.ts";
import type { Reply, ScriptRunner } from "../../redis/script-runner.ts";
import { parseStored } from "../../stored-json.ts";
import { connect, type LangGraphOptions } from "./options.ts";
import { DELETE, GET, LIST, LIST_THREADS, NOTE_THREAD, PUT, PUT_WRITES } from "./saver-scripts.ts";

/** A checkpoint's record, see saver-scripts.ts. */
type CheckpointRecord = [checkpoint: string, metadata: string, parent: string, values: string[]];
type WriteRecord = [channel: string, value: string, taskPath: string];

const SEPARATOR = "\u001F";
const join = (...names: (string | number)[]): string => names.join(SEPARATOR);

/**
 * A checkpointer for LangGraph on plain Redis or Valkey: no module. Each write is one atomic script that renews the TTL
 * of the thread; a value is stored once for each version of its channel. Reading does not renew the TTL.
 *
 * @example
 * const checkpointer = new RedisMemorySaver({ client, ttlSeconds: 30 * 86_400 });
 */
export class RedisMemorySaver extends BaseCheckpointSaver {
  readonly #name: string;
  readonly #ttlMs: string;
  readonly #runner: ScriptRunner;

  /**
   * @param options `name`: what all keys begin with, default `langgraph`; `ttlSeconds`: from a thread's last write until
   *   it expires, default 30 days
   * @throws TypeError
   */
  constructor(options: LangGraphOptions, serde?: SerializerProtocol) {
    super(serde);
    const connected = connect(options, { name: "langgraph", ttlSeconds: 30 * 86_400 });
    this.#name = connected.name;
    this.#ttlMs = connected.ttlMs;
    this.#runner = connected.runner;
  }

  /**
   * Returns a version that is later than the current one, with a random fraction: two branches of a checkpoint would
   * have the same next number, and a value is stored under its version.
   */
  override getNextVersion(current: number | undefined): number {
    return Math.floor(current ?? 0) + 1 + Math.random();
  }

  override async put(
    config: RunnableConfig,
    checkpoint: Checkpoint,
    metadata: CheckpointMetadata,
    newVersions: ChannelVersions,
  ): Promise<RunnableConfig> {
    const { thread, ns, id: parent } = positionOf(config);
    const { channel_values: values, ...rest } = copyCheckpoint(checkpoint);
    const versions = checkpoint.channel_versions;
    const names = Object.keys(versions).map((channel) => join(ns, channel, String(versions[channel])));
    const changed = Object.entries(newVersions).filter(([channel]) => Object.hasOwn(values, channel));
    const [packed, packedMetadata, ...packedValues] = await Promise.all([
      this.#pack(rest),
      this.#pack(metadata),
      ...changed.map(([channel]) => this.#pack(values[channel])),
    ]);
    const record: CheckpointRecord = [packed, packedMetadata, parent, names];
    await this.#run(PUT, thread, [
      this.#ttlMs,
      join(ns, checkpoint.id),
      JSON.stringify(record),
      ...changed.flatMap(([channel, version], n) => [join(ns, channel, version), packedValues[n] as string]),
    ]);
    await this.#note(thread, this.#ttlMs);
    return configOf(thread, ns, checkpoint.id);
  }

  override async putWrites(
    config: RunnableConfig,
    writes: PendingWrite[],
    taskId: string,
    taskPath = "",
  ): Promise<void> {
    const { thread, ns, id } = positionOf(config);
    if (id === "") throw new TypeError('putWrites needs a "checkpoint_id" in config.configurable');
    const packed = await Promise.all(
      writes.map(async ([channel, value], n) => {
        const index = WRITES_IDX_MAP[channel] ?? n;
        const record: WriteRecord = [channel, await this.#pack(value), taskPath];
        return [index < 0 ? "0" : "1", join(ns, id, taskId, index), JSON.stringify(record)];
      }),
    );
    await this.#run(PUT_WRITES, thread, [this.#ttlMs, ...packed.flat()]);
  }

  override async getTuple(config: RunnableConfig): Promise<CheckpointTuple | undefined> {
    if (config.configurable?.thread_id === undefined) return undefined;
    const { thread, ns } = positionOf(config);
    const id = getCheckpointId(config) ?? "";
    const tuple = await this.#read(thread, ns, id);
    return tuple && (id === "" ? tuple : { ...tuple, config });
  }

  override async *list(
    config: RunnableConfig,
    options: CheckpointListOptions = {},
  ): AsyncGenerator<CheckpointTuple> {
    const { thread_id: only, checkpoint_ns: ns, checkpoint_id: id } = config.configurable ?? {};
    const { filter = {}, before } = options;
    const beforeId = before?.configurable?.checkpoint_id;
    let left = options.limit ?? Number.POSITIVE_INFINITY;
    for await (const thread of only === undefined ? this.#threads() : [String(only)]) {
      for await (const [name, record] of this.#records(thread, ns)) {
        const [itsNs = "", itsId = ""] = name.split(SEPARATOR);
        if ((id && itsId !== id) || (beforeId && itsId >= beforeId)) continue;
        const metadata = (await this.#unpack(record[1])) as Record<string, unknown>;
        if (!Object.entries(filter).every(([key, value]) => metadata[key] === value)) continue;
        if (left-- <= 0) return;
        const tuple = await this.#read(thread, itsNs, itsId);
        if (tuple) yield tuple;
      }
    }
  }

  override async deleteThread(threadId: string): Promise<void> {
    await this.#run(DELETE, threadId, []);
    await this.#note(threadId, "0");
  }

  async *#records(thread: string, ns: string | undefined): AsyncGenerator<[string, CheckpointRecord]> {
    for (let last = ""; ; ) {
      const args = [ns === undefined ? "" : join(ns, ""), last];
      const [, , ...found] = (await this.#run(LIST, thread, args)).map(String);
      for (let i = 0; i < found.length; i += 2) {
        last = found[i] as string;
        yield [last, parseStored<CheckpointRecord>(found[i + 1] as string, Array.isArray)];
      }
      if (found.length === 0) return;
    }
  }

  async *#threads(): AsyncGenerator<string> {
    for (let seen = 0; ; ) {
      const reply = await this.#runner.run(LIST_THREADS, [`${this.#name}:threads`], [String(seen)]);
      const [, , ...threads] = reply.map(String);
      if (threads.length === 0) return;
      yield* threads;
      seen += threads.length;
    }
  }

  async #read(thread: string, ns: string, wanted: string): Promise<CheckpointTuple | undefined> {
    const reply = await this.#run(GET, thread, [join(ns, ""), wanted]);
    if (reply[0] === "unknown") return undefined;
    const [, , id = "", raw = "", count, ...found] = reply.map(String);
    const [packed, metadata, parent] = parseStored<CheckpointRecord>(raw, Array.isArray);
    const checkpoint = (await this.#unpack(packed)) as Checkpoint;
    checkpoint.channel_values = {};
    for (let i = 0; i < Number(count) * 2; i += 2) {
      const channel = (found[i] as string).split(SEPARATOR)[1] as string;
      checkpoint.channel_values[channel] = await this.#unpack(found[i + 1] as string);
    }
    if (checkpoint.v < 4 && parent !== "") await this.#addPendingSends(checkpoint, thread, ns, parent);
    return {
      config: configOf(thread, ns, id),
      checkpoint,
      metadata: (await this.#unpack(metadata)) as CheckpointMetadata,
      pendingWrites: await this.#decodeWrites(found.slice(Number(count) * 2)),
      ...(parent !== "" && { parentConfig: configOf(thread, ns, parent) }),
    };
  }

  async #decodeWrites(found: readonly string[]): Promise<CheckpointPendingWrite[]> {
    const writes: { key: ReturnType<typeof writesSortKey>; write: CheckpointPendingWrite }[] = [];
    for (let i = 0; i < found.length; i += 2) {
      const [, , task = "", index] = (found[i] as string).split(SEPARATOR);
      const [channel, value, path] = parseStored<WriteRecord>(found[i + 1] as string, Array.isArray);
      const write: CheckpointPendingWrite = [task, channel, await this.#unpack(value)];
      writes.push({ key: writesSortKey(path, task, Number(index)), write });
    }
    return writes.sort((a, b) => compareWritesSortKeys(a.key, b.key)).map(({ write }) => write);
  }

  /** Of a checkpoint that an earlier version of LangGraph wrote, the sends are writes of its parent. */
  async #addPendingSends(checkpoint: Checkpoint, thread: string, ns: string, parent: string): Promise<void> {
    const writes = (await this.#read(thread, ns, parent))?.pendingWrites ?? [];
    const versions = Object.values(checkpoint.channel_versions ?? {});
    checkpoint.channel_values[TASKS] = writes
      .filter(([, channel]) => channel === TASKS)
      .map(([, , value]) => value);
    checkpoint.channel_versions = {
      ...checkpoint.channel_versions,
      [TASKS]: versions.length > 0 ? maxChannelVersion(...versions) : this.getNextVersion(undefined),
    };
  }

  /** `type:text` of JSON, `type:Base64` of anything else. */
  async #pack(value: unknown): Promise<string> {
    const [type, bytes] = await this.serde.dumpsTyped(value);
    if (typeof bytes === "string") return `${type}:${bytes}`;
    return `${type}:${type === "json" ? new TextDecoder().decode(bytes) : toBase64(bytes)}`;
  }

  #unpack(packed: string): Promise<unknown> {
    const colon = packed.indexOf(":");
    const [type, text] = [packed.slice(0, colon), packed.slice(colon + 1)];
    return this.serde.loadsTyped(type, type === "json" ? text : fromBase64(text));
  }

  /** In another slot than the thread. A crash before it leaves a thread that only `list` without a thread lacks. */
  async #note(thread: string, ttlMs: string): Promise<void> {
    await this.#runner.run(NOTE_THREAD, [`${this.#name}:threads`], [thread, ttlMs], { repeatable: true });
  }

  #run(script: Script, thread: string, args: string[]): Promise<Reply> {
    const keys = ["checkpoints", "order", "values", "writes", "write_order"].map(
      (part) => `${this.#name}:{${percentEncode(thread)}}:${part}`,
    );
    return this.#runner.run(script, keys, args, { repeatable: true });
  }
}

/** @throws TypeError */
function positionOf({ configurable = {} }: RunnableConfig): { thread: string; ns: string; id: string } {
  const { thread_id: thread, checkpoint_ns: ns = "", checkpoint_id: id = "" } = configurable;
  if (thread === undefined || thread === null || thread === "") {
    throw new TypeError('A checkpointer needs a "thread_id": pass { configurable: { thread_id: "…" } }');
  }
  for (const part of [thread, ns, id]) {
    if (String(part).includes(SEPARATOR)) throw new TypeError("ids must not have control characters");
  }
  return { thread: String(thread), ns: String(ns), id: String(id) };
}

const configOf = (thread_id: string, checkpoint_ns: string, checkpoint_id: string): RunnableConfig => ({
  configurable: { thread_id, checkpoint_ns, checkpoint_id },
});
