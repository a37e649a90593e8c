/**
 * Returns a name as Ollama compares it: in lower case, without its own registry, and with the tag `latest` if it has no tag.
 * Gemini's list has a folder in front of each name.
 */
function canonical(name: string): string {
  const bare = name
    .trim()
    .toLowerCase()
    .replace(/^(?:https?:\/\/)?registry\.ollama\.ai\//, "")
    .replace(/^(?:library|ollama|models)\//, "");
  return bare.includes(":", bare.lastIndexOf("/") + 1) ? bare : `${bare}:latest`;
}

/** True if Ollama takes both names for the same model. */
export const isSameModel = (a: string, b: string): boolean => a === b || canonical(a) === canonical(b);
