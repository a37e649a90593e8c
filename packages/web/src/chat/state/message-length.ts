import { formatCount, plural } from "../../ui/format.ts";

/** Why a text is too long for a message; null when it is not. Counted as the API does: an emoji is one character. */
export function lengthError(text: string, maxChars: number): string | null {
  // Most texts need no counting: there are never more characters than UTF-16 units.
  if (text.length <= maxChars) return null;
  const excess = [...text].length - maxChars;
  if (excess <= 0) return null;
  return `${plural(excess, "character")} more than the ${formatCount(maxChars)} that a message may have`;
}
