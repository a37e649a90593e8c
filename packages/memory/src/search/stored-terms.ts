import { MemoryError } from "../errors.ts";
import { sha1 } from "../hash.ts";
import { decodeItem } from "../history/item-record.ts";
import type { Script } from "../redis/script.ts";
import type { Reply } from "../redis/script-runner.ts";
import { READ_ENTRIES } from "../scripts/archive.ts";
import { READ_TERMS, STORE_TERMS } from "../scripts/search.ts";
import { encodeTerms, isTermsEntry } from "./terms.ts";

/** Runs a script on the session that is searched. */
export type Run = (script: Script, args: string[]) => Promise<Reply>;

/** An item that was dropped. */
export const DROPPED = "0";

/** The terms of a session's items, or of its newest ones. */
export interface StoredTerms {
  readonly epoch: string;
  /** The index of the first entry. */
  readonly first: number;
  /** Entries by index; undefined for an item whose terms are not stored yet. */
  readonly entries: readonly (string | undefined)[];
  /** The index of the first item whose terms are still to be stored, or null. */
  readonly missingFrom: number | null;
}

/** How much one search reads. */
export interface ReadLimits {
  readonly maxItems: number;
  readonly maxMs: number;
  /** Items whose terms one search computes and stores; the others are left to `storeMissing`. */
  readonly maxComputed: number;
  /** A clock in ms. */
  readonly now: () => number;
}

// A reply of these has some 400 kB; more would keep Redis from other callers.
const PAGE = 5_000;

/**
 * Reads the terms of the items before one, newest first until a limit is reached. Missing ones are computed and stored.
 * @throws MemoryError `unknown_message`
 */
export async function readTerms(run: Run, before: string, limits: ReadLimits): Promise<StoredTerms> {
  const giveUpAt = limits.now() + limits.maxMs;
  const entries: (string | undefined)[] = [];
  let [epoch, first, end] = ["", 0, -1];
  do {
    const size = Math.min(PAGE, limits.maxItems - entries.length);
    const args = [before, end < 0 ? "" : String(first), String(size)];
    const [status, , itsEpoch, last, itsFirst, ...page] = await run(READ_TERMS, args);
    if (status === "unknown") {
      throw new MemoryError("unknown_message", `There is no message with the id ${JSON.stringify(before)}`);
    }
    // Cleared meanwhile: what was found is no longer there.
    if (end >= 0 && itsEpoch !== epoch) return { epoch, first: 0, entries: [], missingFrom: null };
    if (end < 0) end = Number(last);
    epoch = String(itsEpoch);
    first = Number(itsFirst);
    const found = Array.from({ length: Number(last) - first }, (_, n) =>
      page[n] === undefined ? undefined : String(page[n]),
    );
    entries.unshift(...found.map((entry) => (isKnown(entry) ? entry : undefined)));
  } while (first > 0 && entries.length < limits.maxItems && limits.now() < giveUpAt);
  const missingFrom = await computeMissing(run, epoch, first, entries, limits.maxComputed);
  return { epoch, first, entries, missingFrom };
}

const isKnown = (entry: string | undefined): boolean =>
  entry !== undefined && (entry === DROPPED || isTermsEntry(entry));

/** Fills gaps, oldest first, as terms are stored only behind those of earlier items. */
async function computeMissing(
  run: Run,
  epoch: string,
  first: number,
  entries: (string | undefined)[],
  maxComputed: number,
): Promise<number | null> {
  let computed = 0;
  for (let gap = entries.indexOf(undefined); gap >= 0; gap = entries.indexOf(undefined, gap)) {
    if (computed >= maxComputed) return first + gap;
    let end = gap;
    while (end < entries.length && entries[end] === undefined) end++;
    const found = await storeTerms(run, epoch, first + gap, first + end);
    // Cleared meanwhile.
    if (found.length === 0) return null;
    for (const entry of found) entries[gap++] = entry;
    computed += found.length;
  }
  return null;
}

/**
 * Stores the terms of all items from one on, page by page: for a session that was written without them.
 * @throws MemoryError `unavailable`
 */
export async function storeMissing(run: Run, epoch: string, from: number, to: number): Promise<void> {
  for (let next = from; next < to; ) {
    const { length } = await storeTerms(run, epoch, next, to);
    if (length === 0) return;
    next += length;
  }
}

/** Computes and stores the terms of at most 500 items. Returns them; none if the session was cleared. */
async function storeTerms(run: Run, epoch: string, from: number, to: number): Promise<string[]> {
  const [status, , ...records] = await run(READ_ENTRIES, [epoch, String(from), String(to)]);
  if (status === "gone") return [];
  const entries = records.map((record) => {
    if (record === DROPPED) return DROPPED;
    const item = decodeItem(String(record), 0, "");
    // A record of another program.
    return item === undefined ? "a" : encodeTerms(item);
  });
  const args = records.flatMap((record, n) => [sha1(String(record)), entries[n] ?? ""]);
  const stored = await run(STORE_TERMS, [epoch, String(from), ...args]);
  return stored[0] === "gone" ? [] : entries;
}
