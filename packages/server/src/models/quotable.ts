const MAX_QUOTED_CHARS = 300;
/** A shorter key is a placeholder (`ollama`), and a word that a sentence may rightly have. */
const MIN_SECRET_CHARS = 8;

/** Keys as the known providers make them, masked ones too, and what stands behind `Bearer`. */
const KEYS =
  /\b(?:sk|pk|rk|gsk|hf|xai|nvapi|csk|fw|tgp|r8|pplx|key)[-_][\w*.…-]{6,}|\bAIza[\w-]{20,}|\b(Bearer|Basic)\s+[\w.~+/=-]{6,}/gi;

/** Makes a foreign sentence fit to be shown: one line, short, without keys. */
export function quotable(text: string, secrets: readonly string[]): string {
  let open = text;
  for (const secret of secrets)
    if (secret.length >= MIN_SECRET_CHARS) open = open.replaceAll(secret, "[key]");
  const line = open
    .replace(KEYS, (_, scheme: string | undefined) => (scheme === undefined ? "[key]" : `${scheme} [key]`))
    .toWellFormed()
    .replace(/[\p{Cc}\p{Cf}\s]+/gu, " ")
    .trim();
  return line.length > MAX_QUOTED_CHARS
    ? `${line.slice(0, MAX_QUOTED_CHARS).toWellFormed().trimEnd()}…`
    : line;
}
