import { t } from "../../texts/texts.ts";

/** Returns why a text is too long for a message; null if it is not. Counts code points, as the API does. */
export function lengthError(text: string, maxChars: number): string | null {
  // Fast path: a text never has more code points than UTF-16 units.
  if (text.length <= maxChars) return null;
  const excess = [...text].length - maxChars;
  if (excess <= 0) return null;
  return t.composer.tooLong(excess, maxChars);
}
