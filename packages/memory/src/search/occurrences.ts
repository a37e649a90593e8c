/** The hashes of consecutive items, and where those of each item end. */
interface Hashes {
  readonly hashes: readonly number[];
  readonly ends: readonly number[];
}

/** Hashes behind the sorted ones, in all and as a part of these, from which on all are sorted again. */
const MAX_UNSORTED = 256;
const MAX_UNSORTED_SHARE = 1 / 16;
/** Sorted hashes for each group of them with the same lowest bits. */
const IN_GROUP = 8;

/**
 * Finds the items that have a hash: a search then reads only those of its query, not all of a session. A copy of the
 * hashes is grouped by their lowest bits; the newest ones are in a map until there are enough of them to group all again.
 */
export class Occurrences {
  readonly #index: Hashes;
  /** How many items and hashes have been read, and how many of these hashes are grouped. */
  #items = 0;
  #read = 0;
  #sorted = 0;
  #mask = 0;
  /** Where each group begins. */
  #groups = new Int32Array(2);
  /** By groups: hashes, and the number of the item that each belongs to. */
  #hashes = new Int32Array(0);
  #owners = new Int32Array(0);
  /** The items that have the hashes behind these. */
  readonly #newest = new Map<number, number[]>();

  /** @param index may grow, and nothing else */
  constructor(index: Hashes) {
    this.#index = index;
  }

  /**
   * Writes the numbers of the items that have a hash into a list, in ascending order, each as often as it has it. Returns
   * where they end.
   * @param list has room for all hashes of the index
   * @param at where they begin in the list
   */
  write(hash: number, list: Int32Array, at: number): number {
    if (this.#read < this.#index.hashes.length) this.#readNewest();
    let end = at;
    const group = hash & this.#mask;
    const behind = this.#groups[group + 1] ?? 0;
    const [hashes, owners] = [this.#hashes, this.#owners];
    for (let n = this.#groups[group] ?? 0; n < behind; n++) {
      if (hashes[n] === hash) list[end++] = owners[n] ?? 0;
    }
    for (const item of this.#newest.get(hash) ?? []) list[end++] = item;
    return end;
  }

  #readNewest(): void {
    const { hashes, ends } = this.#index;
    const unsorted = hashes.length - this.#sorted;
    if (unsorted > Math.max(MAX_UNSORTED, this.#sorted * MAX_UNSORTED_SHARE)) this.#sort();
    for (; this.#items < ends.length; this.#items++) {
      for (const end = ends[this.#items] ?? 0; this.#read < end; this.#read++) {
        const hash = hashes[this.#read] ?? 0;
        const items = this.#newest.get(hash);
        if (items) items.push(this.#items);
        else this.#newest.set(hash, [this.#items]);
      }
    }
  }

  #sort(): void {
    const { hashes, ends } = this.#index;
    const { length } = hashes;
    const mask = 2 ** Math.ceil(Math.log2(length / IN_GROUP)) - 1;
    const groups = new Int32Array(mask + 2);
    for (const hash of hashes) groups[(hash & mask) + 1] = (groups[(hash & mask) + 1] ?? 0) + 1;
    for (let group = 0; group <= mask; group++)
      groups[group + 1] = (groups[group + 1] ?? 0) + (groups[group] ?? 0);
    const next = groups.slice();
    this.#hashes = new Int32Array(length);
    this.#owners = new Int32Array(length);
    for (let at = 0, item = 0; at < length; at++) {
      while ((ends[item] ?? length) <= at) item++;
      const hash = hashes[at] ?? 0;
      const place = next[hash & mask] ?? 0;
      next[hash & mask] = place + 1;
      this.#hashes[place] = hash;
      this.#owners[place] = item;
    }
    this.#mask = mask;
    this.#groups = groups;
    this.#newest.clear();
    this.#items = ends.length;
    this.#read = this.#sorted = length;
  }
}
