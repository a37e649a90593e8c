import { sha1 } from "../hash.ts";

/** A Lua script, and the SHA-1 digest that Redis knows it by. */
export interface Script {
  readonly source: string;
  readonly sha1: string;
}

/** Marks a template as Lua, so that editors highlight it. Returns the text unchanged. */
export const lua = (strings: TemplateStringsArray, ...values: readonly (string | number)[]): string =>
  String.raw({ raw: strings }, ...values);

/** Builds one script of several pieces, which share their local names. */
export function script(...pieces: string[]): Script {
  const source = pieces.join("\n");
  return { source, sha1: sha1(source) };
}
