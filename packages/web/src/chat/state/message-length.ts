import { formatCount, plural } from "../../ui/format.ts";

/** Returns why a text is too long for a message; null if it is not. Counts code points, as the API does. */
export function lengthError(text: string, maxChars: number): string | null {
  // Fast path: a text never has more code points than UTF-16 units.
  if (text.length <= maxChars) return null;
  const excess = [...text].length - maxChars;
  if (excess <= 0) return null;
  return `${plural(excess, "character")} over the limit of ${formatCount(maxChars)}`;
}
