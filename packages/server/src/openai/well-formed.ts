import { invalid } from "./api-error.ts";

const MAX_DEPTH = 100;

/** Refuses text that UTF-8 cannot carry, and bodies that are nested without end, anywhere in a body. */
export function refuseMalformedText(value: unknown, depth = 0): void {
  if (typeof value === "string") {
    if (!value.isWellFormed()) throw invalid("body", "must not contain half of a surrogate pair");
  } else if (typeof value === "object" && value !== null) {
    if (depth === MAX_DEPTH) throw invalid("body", `must not be deeper than ${MAX_DEPTH} levels`);
    for (const [key, entry] of Object.entries(value)) {
      refuseMalformedText(key);
      refuseMalformedText(entry, depth + 1);
    }
  }
}
