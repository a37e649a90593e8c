import {
  BaseStore,
  type GetOperation,
  InvalidNamespaceError,
  type Item,
  type ListNamespacesOperation,
  type MatchCondition,
  type Operation,
  type OperationResults,
  type PutOperation,
  type SearchItem,
  type SearchOperation,
} from "@langchain/langgraph-checkpoint";
import type { Script } from "../../redis/script.ts";
import type { ScriptRunner } from "../../redis/script-runner.ts";
import { parseStored } from "../../stored-json.ts";
import { matchesFilter } from "./filter.ts";
import { connect, type LangGraphOptions } from "./options.ts";
import { GET_ITEMS, LIST_NAMESPACES, PUT_ITEMS, SEARCH_ITEMS } from "./store-scripts.ts";

const LABELS = "\u001E";
const KEY = "\u001F";

/**
 * LangGraph's long-term memory on plain Redis or Valkey: no module. The puts of a batch are one atomic script. Search
 * is by namespace and filter, in the order of names; there is no vector index, so `query` is refused.
 *
 * @example
 * const store = new RedisMemoryStore({ client });
 * await store.put(["users", "bob"], "profile", { likes: "tea" });
 * console.log(await store.search(["users"], { filter: { likes: "tea" } }));
 */
export class RedisMemoryStore extends BaseStore {
  readonly #ttlMs: string;
  readonly #runner: ScriptRunner;
  readonly #keys: string[];

  /**
   * @param options `name`: what all keys begin with, default `langgraph_store`; `ttlSeconds`: from an item's last put
   *   until it expires, default 365 days
   * @throws TypeError
   */
  constructor(options: LangGraphOptions) {
    super();
    const { name, ttlMs, runner } = connect(options, { name: "langgraph_store", ttlSeconds: 365 * 86_400 });
    this.#ttlMs = ttlMs;
    this.#runner = runner;
    this.#keys = ["items", "order", "expires"].map((part) => `${name}:{store}:${part}`);
  }

  /** Runs operations: the reads first, then all puts, atomically. The last put of an item counts. */
  override async batch<Op extends Operation[]>(operations: Op): Promise<OperationResults<Op>> {
    const results = await Promise.all(operations.map((operation) => this.#read(operation)));
    const puts = new Map(
      operations.filter(isPut).map(({ namespace, key, value }) => [nameOf(namespace, key), value]),
    );
    const args = [...puts].flatMap(([name, value]) => [name, value === null ? "" : JSON.stringify(value)]);
    if (args.length > 0) await this.#run(PUT_ITEMS, [this.#ttlMs, ...args]);
    return results as OperationResults<Op>;
  }

  async #read(operation: Operation): Promise<unknown> {
    if (isPut(operation)) return undefined;
    if ("namespacePrefix" in operation) return this.#search(operation);
    if ("namespace" in operation) return this.#get(operation);
    return this.#listNamespaces(operation);
  }

  async #get({ namespace, key }: GetOperation): Promise<Item | null> {
    const name = nameOf(namespace, key);
    const [record = ""] = await this.#run(GET_ITEMS, [name]);
    return record === "" ? null : decodeItem(name, record);
  }

  async #search(operation: SearchOperation): Promise<SearchItem[]> {
    const { namespacePrefix, filter, limit = 10, offset = 0, query } = operation;
    if (query)
      throw new TypeError("This store has no vector index: search by namespace and filter, without query");
    const found: SearchItem[] = [];
    const prefix = namespaceOf(namespacePrefix);
    for (let last = ""; found.length < offset + limit; ) {
      const [next = "", ...entries] = await this.#run(SEARCH_ITEMS, [prefix, last]);
      for (let i = 0; i < entries.length; i += 2) {
        const item = decodeItem(entries[i] as string, entries[i + 1] as string);
        if (filter === undefined || matchesFilter(item.value, filter)) found.push(item);
      }
      if (next === "") break;
      last = next;
    }
    return found.slice(offset, offset + limit);
  }

  async #listNamespaces(operation: ListNamespacesOperation): Promise<string[][]> {
    const { matchConditions = [], maxDepth = Number.POSITIVE_INFINITY, limit = 100, offset = 0 } = operation;
    const found = new Map<string, string[]>();
    for (let last = ""; ; ) {
      const [next = "", ...namespaces] = await this.#run(LIST_NAMESPACES, [last]);
      for (const namespace of namespaces) {
        const labels = namespace.split(LABELS);
        if (!matchConditions.every((condition) => matchesNamespace(condition, labels))) continue;
        const cut = labels.slice(0, maxDepth);
        found.set(cut.join(LABELS), cut);
      }
      if (next === "") break;
      last = next;
    }
    // A namespace before those below it.
    const sorted = [...found.values()].sort((a, b) => (a.join("\0") < b.join("\0") ? -1 : 1));
    return sorted.slice(offset, offset + limit);
  }

  async #run(script: Script, args: string[]): Promise<string[]> {
    const [, , ...rest] = await this.#runner.run(script, this.#keys, args, { repeatable: true });
    return rest.map(String);
  }
}

const isPut = (operation: Operation): operation is PutOperation => "value" in operation;

function namespaceOf(labels: readonly string[]): string {
  for (const label of labels) {
    const isLabel =
      typeof label === "string" && label !== "" && ![LABELS, KEY].some((mark) => label.includes(mark));
    if (!isLabel) {
      throw new InvalidNamespaceError(`${JSON.stringify(label)} is no label of a namespace`);
    }
  }
  return labels.join(LABELS);
}

function nameOf(labels: readonly string[], key: string): string {
  if (labels.length === 0) throw new InvalidNamespaceError("A namespace must have a label");
  return namespaceOf(labels) + KEY + key;
}

function decodeItem(name: string, record: string): Item {
  const end = name.indexOf(KEY);
  const [created, updated, value] = parseStored<[number, number, Item["value"]]>(record, Array.isArray);
  return {
    value,
    key: name.slice(end + 1),
    namespace: name.slice(0, end).split(LABELS),
    createdAt: new Date(created),
    updatedAt: new Date(updated),
  };
}

function matchesNamespace({ matchType, path }: MatchCondition, labels: readonly string[]): boolean {
  const from = matchType === "prefix" ? 0 : labels.length - path.length;
  return from >= 0 && path.every((label, n) => label === "*" || label === labels[from + n]);
}
