import { lexer, type Token } from "marked";

/** A text parsed as far as it goes, so that more of it costs only what is new. */
export interface Blocks {
  /** The part that no further text can change. */
  readonly settledSource: string;
  readonly settled: readonly Token[];
  /** The last block: it may still grow, or turn into another kind. */
  readonly tail: readonly Token[];
}

const NOTHING: Blocks = { settledSource: "", settled: [], tail: [] };

/**
 * Markdown as blocks. `before` is the result for the beginning of the same text: its settled blocks are taken
 * over as they are (the same objects, so React renders none of them again).
 */
export function parseBlocks(source: string, before: Blocks = NOTHING): Blocks {
  const start = source.startsWith(before.settledSource) ? before : NOTHING;
  const tokens = lexer(source.slice(start.settledSource.length));
  const last = tokens.findLastIndex(({ type }) => type !== "space");
  const settled = tokens.slice(0, Math.max(0, last));
  return {
    settledSource: start.settledSource + settled.map(({ raw }) => raw).join(""),
    settled: [...start.settled, ...settled],
    tail: tokens.slice(Math.max(0, last)),
  };
}
