import { Occurrences } from "./occurrences.ts";
import { decodeTerms } from "./terms.ts";
import { type Kind, listTurns, type TurnTable } from "./turn-table.ts";

/** The entry of an item that was dropped. */
export const DROPPED = "0";

/** The terms of consecutive items of a session, as numbers. */
export class TermIndex {
  /** The session's epoch, and how often terms in it had been changed, when they were read. */
  readonly epoch: string;
  readonly changes: string;
  /** The index of the first item. */
  first: number;
  /** Of each item: its kind, and where its hashes end. */
  kinds: Kind[] = [];
  ends: number[] = [];
  hashes: number[] = [];
  /** How many tokens the turns that the last search read have for one that was estimated. */
  tokensPerEstimate = 1;
  /** Undefined: no search has asked since hashes were removed, or added in front. */
  #occurrences: Occurrences | undefined;
  /** The turns of the range that was asked for last: a window stays where it begins for many turns. */
  #turns: { readonly from: number; readonly to: number; readonly table: TurnTable } | undefined;

  constructor(epoch: string, changes: string, first: number) {
    this.epoch = epoch;
    this.changes = changes;
    this.first = first;
  }

  /** The index behind the last item. */
  get end(): number {
    return this.first + this.kinds.length;
  }

  /** About how much memory it takes. */
  get bytes(): number {
    return 8 * (2 * this.hashes.length + 4 * this.kinds.length);
  }

  /** Writes the items that have a hash into a list, see `Occurrences`, as numbers from the first item on. */
  writeOccurrences(hash: number, list: Int32Array, at: number): number {
    this.#occurrences ??= new Occurrences(this);
    return this.#occurrences.write(hash, list, at);
  }

  /** The turns from an index of an item up to another, which is excluded. */
  turnsOf(from: number, to: number): TurnTable {
    if (this.#turns?.from !== from || this.#turns.to !== to) {
      this.#turns = { from, to, table: listTurns(this, from, to) };
    }
    return this.#turns.table;
  }

  /** Adds entries, of which the first is that of the item at `from`: those that are behind the last item. */
  extend(from: number, entries: readonly (string | undefined)[]): void {
    for (let n = this.end - from; n < entries.length; n++) {
      this.kinds.push(this.#addHashes(entries[n]));
      this.ends.push(this.hashes.length);
    }
  }

  /** Adds what stands in front of the first item. */
  prepend(earlier: TermIndex): void {
    const shift = earlier.hashes.length;
    this.#occurrences = undefined;
    this.#turns = undefined;
    this.first = earlier.first;
    this.kinds = earlier.kinds.concat(this.kinds);
    this.ends = earlier.ends.concat(this.ends.map((end) => end + shift));
    this.hashes = earlier.hashes.concat(this.hashes);
  }

  /** A copy in which unknown items have these entries. */
  with(entries: ReadonlyMap<number, string>): TermIndex {
    const copy = new TermIndex(this.epoch, this.changes, this.first);
    let start = 0;
    for (const [n, kind] of this.kinds.entries()) {
      const end = this.ends[n] ?? start;
      const entry = kind === "unknown" ? entries.get(this.first + n) : undefined;
      if (entry === undefined) for (let at = start; at < end; at++) copy.hashes.push(this.hashes[at] ?? 0);
      copy.kinds.push(entry === undefined ? kind : copy.#addHashes(entry));
      copy.ends.push(copy.hashes.length);
      start = end;
    }
    return copy;
  }

  /** Adds the items of another session up to an index, behind an empty turn, so that no turn is in both sessions. */
  append(other: TermIndex, from: number, to: number): void {
    const { hashes, kinds, ends } = other;
    this.kinds.push("user");
    this.ends.push(this.hashes.length);
    const shift = this.hashes.length - (ends[from - other.first - 1] ?? 0);
    for (let n = from - other.first; n < to - other.first; n++) {
      this.kinds.push(kinds[n] ?? "unknown");
      this.ends.push((ends[n] ?? 0) + shift);
    }
    const [begin, end] = [ends[from - other.first - 1] ?? 0, ends[to - other.first - 1] ?? 0];
    for (let at = begin; at < end; at++) this.hashes.push(hashes[at] ?? 0);
  }

  /** Removes all items from an index on. */
  cut(end: number): void {
    if (end >= this.end) return;
    this.#occurrences = undefined;
    this.#turns = undefined;
    this.kinds.length = Math.max(0, end - this.first);
    this.ends.length = this.kinds.length;
    this.hashes.length = this.ends.at(-1) ?? 0;
  }

  #addHashes(entry: string | undefined): Kind {
    if (entry === DROPPED) return "dropped";
    if (entry === undefined || !decodeTerms(entry, this.hashes)) return "unknown";
    return entry.startsWith("u") ? "user" : "other";
  }
}
