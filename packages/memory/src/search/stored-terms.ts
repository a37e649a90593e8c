import { unknownMessage } from "../errors.ts";
import { sha1 } from "../hash.ts";
import { decodeItem } from "../history/item-record.ts";
import type { RunScript } from "../redis/script-runner.ts";
import { READ_ENTRIES } from "../scripts/archive.ts";
import { READ_TERMS, STORE_TERMS } from "../scripts/search.ts";
import { DROPPED, TermIndex } from "./term-index.ts";
import { encodeTerms } from "./terms.ts";

/** The terms of a session's items, or of its newest ones. */
export interface StoredTerms {
  readonly index: TermIndex;
  /** The index that is searched up to. */
  readonly end: number;
  /** The items whose terms are still to be stored, or null. */
  readonly missing: MissingTerms | null;
  /** What can be kept for the next search. */
  readonly known: TermIndex;
}

/** Items of a session without terms: the index of the first one, and the index behind the last. */
export interface MissingTerms {
  readonly epoch: string;
  readonly from: number;
  readonly to: number;
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
 * Reads the terms of the items before one, newest first until a limit is reached: those that are not known. Missing
 * ones are computed and stored.
 * @param known what an earlier search of the session has read
 * @throws MemoryError `unknown_message`
 */
export async function readTerms(
  run: RunScript,
  before: string,
  limits: ReadLimits,
  known: TermIndex | undefined,
): Promise<StoredTerms> {
  const giveUpAt = limits.now() + limits.maxMs;
  const newest = await readPage(run, { before, size: Math.min(PAGE, limits.maxItems), known });
  if (newest === undefined) throw unknownMessage(before);
  const { epoch, changes, end } = newest;
  const isCurrent = known?.epoch === epoch && known.changes === changes && known.first <= end;
  const index = isCurrent ? known : new TermIndex(epoch, changes, newest.first);
  index.extend(newest.first, newest.entries);
  const oldest = Math.max(0, end - limits.maxItems);
  while (index.first > oldest && limits.now() < giveUpAt) {
    const { first } = index;
    const page = await readPage(run, { end: first, size: Math.min(PAGE, first - oldest) });
    // Cleared meanwhile: what was found is no longer there.
    if (page?.epoch !== epoch) return nothing(page?.epoch ?? "");
    // Changed meanwhile, or read by another search.
    if (page.changes !== changes || index.first !== first) break;
    const earlier = new TermIndex(epoch, changes, page.first);
    earlier.extend(page.first, page.entries);
    index.prepend(earlier);
  }
  const gap = index.kinds.indexOf("unknown");
  if (gap < 0) return { index, end, missing: null, known: index };
  const all = index.with(new Map());
  index.cut(index.first + gap);
  const { entries, missingFrom: from } = await computeMissing(run, all, limits.maxComputed);
  const missing = from === null ? null : { epoch, from, to: end };
  return { index: all.with(entries), end, missing, known: index };
}

const nothing = (epoch: string): StoredTerms => {
  const index = new TermIndex(epoch, "", 0);
  return { index, end: 0, missing: null, known: index };
};

interface TermsPage {
  readonly epoch: string;
  readonly changes: string;
  /** The index of the first entry, and the index that they end before. */
  readonly first: number;
  readonly end: number;
  /** As many as there are items between, and some that follow; undefined for one whose terms are not stored. */
  readonly entries: readonly (string | undefined)[];
}

interface TermsRange {
  /** The id of the item, or the index, that the entries end before. Default: the session's end. */
  readonly before?: string;
  readonly end?: number;
  readonly size: number;
  /** If it is what Redis has, only what is behind it is read. */
  readonly known?: TermIndex | undefined;
}

/** Undefined: there is no item with the id. */
async function readPage(
  run: RunScript,
  { before = "", end, size, known }: TermsRange,
): Promise<TermsPage | undefined> {
  const { epoch = "", changes = "", first = "", end: knownEnd = "" } = known ?? {};
  const args = [before, end ?? "", size, epoch, changes, first, knownEnd].map(String);
  const [status, , itsEpoch, itsChanges, itsEnd, itsFirst, ...entries] = await run(READ_TERMS, args);
  if (status === "unknown") return undefined;
  const [from, to] = [Number(itsFirst), Number(itsEnd)];
  return {
    epoch: String(itsEpoch),
    changes: String(itsChanges),
    first: from,
    end: to,
    entries: Array.from({ length: Math.max(to - from, entries.length) }, (_, n) =>
      entries[n] === undefined ? undefined : String(entries[n]),
    ),
  };
}

/** Computes unknown terms and stores them, oldest first, as terms are stored only behind those of earlier items. */
async function computeMissing(
  run: RunScript,
  { epoch, first, end, kinds }: TermIndex,
  maxComputed: number,
): Promise<{ readonly entries: ReadonlyMap<number, string>; readonly missingFrom: number | null }> {
  const entries = new Map<number, string>();
  for (let gap = kinds.indexOf("unknown"); gap >= 0; gap = kinds.indexOf("unknown", gap)) {
    if (entries.size >= maxComputed) return { entries, missingFrom: first + gap };
    let behind = gap;
    while (first + behind < end && kinds[behind] === "unknown") behind++;
    const found = await storeTerms(run, epoch, first + gap, first + behind);
    // Cleared meanwhile.
    if (found.length === 0) break;
    for (const entry of found) entries.set(first + gap++, entry);
  }
  return { entries, missingFrom: null };
}

/**
 * Stores the terms of all items from one on, page by page: for a session that was written without them.
 * @throws MemoryError `unavailable`
 */
export async function storeMissing(run: RunScript, epoch: string, from: number, to: number): Promise<void> {
  for (let next = from; next < to; ) {
    const { length } = await storeTerms(run, epoch, next, to);
    if (length === 0) return;
    next += length;
  }
}

/** Computes and stores the terms of at most 500 items. Returns them; none if the session was cleared. */
async function storeTerms(run: RunScript, epoch: string, from: number, to: number): Promise<string[]> {
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
