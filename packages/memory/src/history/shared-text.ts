import type { Json } from "./item.ts";

/** Where strings of a value are in a text: ordinal of the string, its start and its length in UTF-16 units, … */
export type References = readonly number[];

// Of a shorter string the reference would be as long.
const MIN_LENGTH = 16;
// What may stand between two strings of the value in the text, as line ends do.
const MAX_GAP = 4;

/**
 * Empties the strings of a value that follow one another in a text, so that what is in both is stored once.
 * Undefined if there are none.
 */
export function removeSharedText(
  value: Json,
  text: string,
): { readonly value: Json; readonly references: References } | undefined {
  if (text.length < MIN_LENGTH) return undefined;
  const references: number[] = [];
  let end = 0;
  const rest = mapStrings(value, (string, ordinal) => {
    if (string.length < MIN_LENGTH) return string;
    for (let start = end; start <= end + MAX_GAP; start++) {
      if (!text.startsWith(string, start)) continue;
      references.push(ordinal, start, string.length);
      end = start + string.length;
      return "";
    }
    return string;
  });
  return references.length > 0 ? { value: rest, references } : undefined;
}

/** The reverse of `removeSharedText`. */
export function restoreSharedText(value: Json, text: string, references: References): Json {
  let next = 0;
  return mapStrings(value, (string, ordinal) => {
    if (ordinal !== references[next]) return string;
    const [start = 0, length = 0] = references.slice(next + 1, next + 3);
    next += 3;
    return text.slice(start, start + length);
  });
}

/** Copies a value, with each string, in order, replaced by what `map` makes of it and its ordinal. */
function mapStrings(value: Json, map: (string: string, ordinal: number) => string): Json {
  let ordinal = 0;
  const copy = (one: Json): Json => {
    if (typeof one === "string") return map(one, ordinal++);
    if (typeof one !== "object" || one === null) return one;
    if (Array.isArray(one)) return one.map(copy);
    // Not an assignment: that of a key `__proto__` would be lost.
    return Object.fromEntries(Object.entries(one).map(([key, item]) => [key, copy(item)]));
  };
  return copy(value);
}
