import type { Token } from "marked";
import { lex } from "./parser.ts";

/** A parsed text. Parsing a longer version costs only the new part. */
export interface Blocks {
  /** The blocks that further text cannot change. */
  readonly settledSource: string;
  readonly settled: readonly Token[];
  /** The last block: it may still grow or change its kind. */
  readonly tail: readonly Token[];
}

const NOTHING: Blocks = { settledSource: "", settled: [], tail: [] };

/**
 * Parses Markdown into blocks. `before` is the result for the start of the same text: its settled blocks are
 * reused (the same objects, so React does not render them again).
 */
export function parseBlocks(source: string, before: Blocks = NOTHING): Blocks {
  const start = source.startsWith(before.settledSource) ? before : NOTHING;
  const tokens = lex(source.slice(start.settledSource.length));
  const last = tokens.findLastIndex(({ type }) => type !== "space");
  const settled = tokens.slice(0, Math.max(0, last));
  return {
    settledSource: start.settledSource + settled.map(({ raw }) => raw).join(""),
    settled: [...start.settled, ...settled],
    tail: tokens.slice(Math.max(0, last)),
  };
}
