import { createHash } from "node:crypto";

/** A Lua script and its name on the server. */
export interface Script {
  readonly source: string;
  readonly sha1: string;
}

export function script(...parts: string[]): Script {
  const source = parts.join("\n");
  return { source, sha1: createHash("sha1").update(source).digest("hex") };
}
