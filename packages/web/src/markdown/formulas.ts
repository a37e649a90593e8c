import type { Tokens } from "marked";

/** A formula as it was written, with its delimiters in `raw`. */
export interface MathToken extends Tokens.Generic {
  readonly type: "math";
  readonly raw: string;
  readonly text: string;
  readonly isBlock: boolean;
}

/** A longer text after an opening delimiter is no formula. */
export const MAX_FORMULA_CHARS = 8_000;

/** LaTeX's own delimiters. */
export const DELIMITERS = [
  ["\\(", "\\)"],
  ["\\[", "\\]"],
  ["$$", "$$"],
] as const;

/** Returns the formula at the start of a text. */
export function formulaAt(source: string): MathToken | undefined {
  const delimiters = DELIMITERS.find(([open]) => source.startsWith(open));
  if (delimiters === undefined) return undefined;
  const [open, close] = delimiters;
  const end = source.slice(0, MAX_FORMULA_CHARS).indexOf(close, open.length + 1);
  const text = source.slice(open.length, end);
  const isBlock = open !== "\\(";
  if (end < 0 || (!isBlock && text.includes("\n"))) return undefined;
  return { type: "math", raw: open + text + close, text: text.trim(), isBlock };
}

const INDENT = /^ {0,3}/;
const END_OF_LINE = /^[ \t]*(?:\n|$)/;

/** Returns the formula that is a block at the start of a text. */
export function blockFormulaAt(source: string): MathToken | undefined {
  const indent = INDENT.exec(source)?.[0] ?? "";
  const formula = formulaAt(source.slice(indent.length));
  if (!formula?.isBlock) return undefined;
  const raw = indent + formula.raw;
  const end = END_OF_LINE.exec(source.slice(raw.length));
  return end === null ? undefined : { ...formula, raw: raw + end[0] };
}

const LINE_OF_BLOCK = /^ {0,3}(?:\\\[|\$\$)/gm;

/** Returns where the lines begin at which a formula interrupts a paragraph. */
export const blockFormulasIn = (source: string): number[] =>
  [...source.matchAll(LINE_OF_BLOCK)]
    .map(({ index }) => index)
    .filter((index) => blockFormulaAt(source.slice(index)) !== undefined);
