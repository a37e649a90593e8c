import type {
  AgentInputItem,
  SessionHistoryRewriteArgs,
  SessionHistoryRewriteAwareSession,
  SessionHistoryTransactionArgs,
  SessionHistoryTransactionAwareSession,
} from "@openai/agents-core";
import { duplicateId, MemoryError } from "../../errors.ts";
import type { Item, Json } from "../../history/item.ts";
import { decodeItem, itemArguments } from "../../history/item-record.ts";
import { type MessageHistory, scriptsOf } from "../../history/message-history.ts";
import { newEpoch } from "../../redis/epoch.ts";
import { GET, RANGE } from "../../scripts/history.ts";
import { isEqual, toJson } from "../original.ts";
import { fromAgents, toAgents } from "./convert.ts";
import { TRANSACT } from "./transaction-script.ts";

// Of one session, so many changes at the same time are more than any program makes.
const MAX_TRIES = 100;
const ALL = String(Number.MAX_SAFE_INTEGER);

/**
 * A `Session` of the OpenAI Agents SDK. Items of all kinds are given back exactly as they were, and are readable as
 * messages through the history too.
 *
 * @example
 * const session = new RedisMemorySession(history, "session_1");
 * await session.addItems([{ role: "user", content: "My name is Bob" }]);
 * console.log(await session.getItems());
 */
export class RedisMemorySession
  implements SessionHistoryRewriteAwareSession, SessionHistoryTransactionAwareSession
{
  readonly #history: MessageHistory;
  readonly #id: string;

  constructor(history: MessageHistory, sessionId: string) {
    this.#history = history;
    this.#id = sessionId;
  }

  async getSessionId(): Promise<string> {
    return this.#id;
  }

  /** Returns all items, or the newest `limit`, oldest first. */
  async getItems(limit?: number): Promise<AgentInputItem[]> {
    if (limit === undefined) return toAgents(await Array.fromAsync(this.#history.items(this.#id)));
    return limit <= 0 ? [] : toAgents(await this.#newest(limit)).slice(-limit);
  }

  async addItems(items: AgentInputItem[]): Promise<void> {
    await this.#history.addMessages(this.#id, items.map(fromAgents));
  }

  /** Removes the newest item and returns it. Of calls at the same time, each gets another item. */
  async popItem(): Promise<AgentInputItem | undefined> {
    const item = await this.#history.pop(this.#id);
    return item === null ? undefined : toAgents([item]).at(-1);
  }

  async clearSession(): Promise<void> {
    await this.#history.clear(this.#id);
  }

  /** Replaces the first call of each id where it stands, and removes others of that id. */
  async applyHistoryMutations({ mutations }: SessionHistoryRewriteArgs): Promise<void> {
    const found = await Array.fromAsync(this.#history.items(this.#id));
    for (const { callId, replacement } of mutations) {
      const calls = found.filter(
        ({ type, toolCalls }) => type === "function_call" && toolCalls?.[0]?.id === callId,
      );
      const [first, ...others] = calls;
      const { content = "", parts = null, toolCalls = [] } = fromAgents(replacement);
      const change = { content: content || (toolCalls[0]?.arguments ?? ""), toolCalls, parts };
      if (first) await this.#history.updateMessage(this.#id, first.id, change);
      for (const { id } of others) await this.#history.drop(this.#id, id);
    }
  }

  /** Replaces all items, at once, by a compaction and what it kept. */
  async replaceHistoryWithCompaction(items: AgentInputItem[]): Promise<void> {
    for await (const { id } of this.#history.items(this.#id)) {
      const replaced = await this.#history.replaceFrom(this.#id, id, items.map(fromAgents));
      if (replaced !== null) return;
    }
    await this.addItems(items);
  }

  /**
   * Appends items, or replaces the last ones if they are still as expected: in one script, once for each operation id.
   *
   * @throws MemoryError `conflict` if they are not, or if another transaction had this operation id
   */
  async applyHistoryTransaction({ operationId, transaction }: SessionHistoryTransactionArgs): Promise<void> {
    if (typeof operationId !== "string" || operationId.trim() === "") {
      throw new TypeError("operationId must be a text that is not empty");
    }
    const digest = await hash("SHA-256", canonical(toJson(transaction)));
    const isAppend = transaction.type === "append_items";
    const added = isAppend ? transaction.items : transaction.replacement;
    const expected = isAppend ? [] : transaction.expectedSuffix;
    const args = added.flatMap((item) => itemArguments(fromAgents(item)));
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      // Not found: the script says whether the operation was applied before.
      const suffix = (await this.#findSuffix(expected)) ?? { first: "0", sha1: "" };
      const status = await this.#transact([operationId, digest, suffix.first, suffix.sha1, ...args]);
      if (status === "ok" || status === "replay") return;
      if (status === "mismatch") {
        throw new MemoryError("conflict", "The operation id was used with another transaction");
      }
      if (suffix.sha1 === "") {
        throw new MemoryError("conflict", "The last items of the session are not the expected ones any more");
      }
    }
    throw new MemoryError("conflict", "The session was changed each time that the transaction was tried");
  }

  async #transact(args: string[]): Promise<string> {
    const scripts = scriptsOf(this.#history);
    const fresh = newEpoch();
    const reply = await scripts.run(TRANSACT, scripts.keys(this.#id).all, [fresh, ...args], true);
    if (reply[0] === "duplicate") throw duplicateId(reply[2]);
    if (reply[0] === "ok") scripts.index.touch(this.#id, Number(reply[2]), reply[3] === fresh);
    return reply[0];
  }

  /** Where the session ends with these items, and a digest of their records. Undefined: it does not. */
  async #findSuffix(
    expected: readonly AgentInputItem[],
  ): Promise<{ first: string; sha1: string } | undefined> {
    if (expected.length === 0) return { first: "", sha1: "-" };
    const [oldest] = (await this.#newest(expected.length)).slice(-expected.length);
    if (oldest === undefined) return undefined;
    const scripts = scriptsOf(this.#history);
    const keys = scripts.keys(this.#id).all;
    const found = await scripts.run(GET, keys, [oldest.id], true);
    if (found[0] === "unknown") return undefined;
    const [epoch, index] = [String(found[2]), Number(found[3])];
    const records: string[] = [];
    for (let next = index; next >= 0; ) {
      const [, , , following, ...entries] = await scripts.run(RANGE, keys, [String(next), ALL], true);
      // Dropped ones are entries too.
      for (let i = 0; i < entries.length; i += 2)
        records[Number(entries[i]) - index] = String(entries[i + 1]);
      next = Number(following);
    }
    const all = Array.from(records, (record) => record ?? "0");
    const items = all.flatMap((record, n) => decodeItem(record, index + n, epoch) ?? []);
    if (!isEqual(toJson(toAgents(items)), toJson(expected))) return undefined;
    return { first: String(index), sha1: await hash("SHA-1", all.join("\n")) };
  }

  #newest(k: number): Promise<Item[]> {
    return this.#history.getRecent(this.#id, { include: "items", k });
  }
}

async function hash(algorithm: "SHA-1" | "SHA-256", text: string): Promise<string> {
  const digest = await crypto.subtle.digest(algorithm, new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The same text for the same JSON, in whatever order its keys are. */
const canonical = (value: Json): string =>
  JSON.stringify(value, (_, entry: Json) =>
    typeof entry === "object" && entry !== null && !Array.isArray(entry)
      ? Object.fromEntries(Object.entries(entry).sort(([a], [b]) => (a < b ? -1 : 1)))
      : entry,
  );
