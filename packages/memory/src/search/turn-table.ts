/** A user's message begins a turn. An unknown item has no terms yet, or damaged ones. */
export type Kind = "user" | "other" | "dropped" | "unknown";

/** Turns by their number. */
export interface TurnTable {
  readonly begins: Int32Array;
  readonly ends: Int32Array;
  /** How many terms each has, and how many all have. */
  readonly lengths: Int32Array;
  readonly length: number;
  /** The turn of each item of the range. */
  readonly turnOf: Int32Array;
  readonly total: number;
  readonly unknown: number;
  readonly dropped: number;
}

/** Lists the turns from an index of an item up to another, which is excluded. */
export function listTurns(
  {
    first,
    kinds,
    ends,
  }: { readonly first: number; readonly kinds: readonly Kind[]; readonly ends: readonly number[] },
  from: number,
  to: number,
): TurnTable {
  const size = Math.max(0, to - from);
  const [begins, endsOfTurns, lengths, turnOf] = [
    new Int32Array(size),
    new Int32Array(size),
    new Int32Array(size),
    new Int32Array(size),
  ];
  let [total, unknown, dropped] = [0, 0, 0];
  const begin = ends[from - first - 1] ?? 0;
  let at = begin;
  for (let n = from - first; n < to - first; n++) {
    const kind = kinds[n];
    const end = ends[n] ?? at;
    if (kind === "unknown") unknown++;
    else if (kind === "dropped") dropped++;
    else {
      if (kind === "user" || total === 0) begins[total++] = first + n;
      const turn = total - 1;
      turnOf[first + n - from] = turn;
      endsOfTurns[turn] = first + n + 1;
      lengths[turn] = (lengths[turn] ?? 0) + end - at;
    }
    at = end;
  }
  return { begins, ends: endsOfTurns, lengths, length: at - begin, turnOf, total, unknown, dropped };
}
