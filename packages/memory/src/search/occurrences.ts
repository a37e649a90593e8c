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
 * hashes is grouped by their lowest bits; the newest ones wait until there are enough of them to group all again.
 */
export class Occurrences {
  readonly #index: Hashes;
  /** How many items are grouped, and how many hashes they have. */
  #items = 0;
  #sorted = 0;
  #mask = 0;
  /** Where each group begins. */
  #groups = new Int32Array(2);
  /** By groups: hashes, and the number of the item that each belongs to. */
  #hashes = new Int32Array(0);
  #owners = new Int32Array(0);

  /** @param index may grow, and nothing else */
  constructor(index: Hashes) {
    this.#index = index;
  }

  /** The numbers of the items that have a hash, in ascending order, each as often as it has it. */
  of(hash: number): number[] {
    const { hashes, ends } = this.#index;
    if (hashes.length - this.#sorted > Math.max(MAX_UNSORTED, this.#sorted * MAX_UNSORTED_SHARE))
      this.#sort();
    const group = hash & this.#mask;
    const begin = this.#groups[group] ?? 0;
    const end = this.#groups[group + 1] ?? 0;
    // As long as it can become: a list that grows costs twice as much.
    const found = new Array<number>(end - begin);
    let count = 0;
    for (let at = begin; at < end; at++) {
      if (this.#hashes[at] === hash) found[count++] = this.#owners[at] ?? 0;
    }
    found.length = count;
    let item = this.#items;
    for (let at = this.#sorted; at < hashes.length; at++) {
      if (hashes[at] !== hash) continue;
      while ((ends[item] ?? 0) <= at) item++;
      found.push(item);
    }
    return found;
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
    this.#items = ends.length;
    this.#sorted = length;
  }
}
