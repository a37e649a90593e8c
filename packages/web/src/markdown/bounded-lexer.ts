import { Lexer, type Token, type Tokens, type TokensList } from "marked";
import { blockFormulasIn } from "./formulas.ts";

/** Deeper lists, quotes and emphasis are text: each level costs as much as all of its text, and stack. */
const MAX_DEPTH = 20;
/** A longer block is parsed as several ones. */
const MAX_BLOCK_CHARS = 20_000;
/** The text of a longer paragraph is parsed in pieces. */
const MAX_INLINE_CHARS = 4_000;

/**
 * Parses in a time that is proportional to the text's length, whatever a model has written: Marked, for which some of
 * it takes the square of its length, gets one short piece after another.
 */
export class BoundedLexer extends Lexer {
  #depth = 0;
  /** Where formulas interrupt paragraphs, by the distance from the end of the text whose blocks are parsed. */
  #formulas: number[] = [];

  override blockTokens(source: string, tokens: Token[] = [], isClipped = false): TokensList {
    if (this.#depth > MAX_DEPTH) {
      tokens.push({ type: "text", raw: source, text: source, tokens: this.inline(source) });
      return tokens as TokensList;
    }
    let rest = source;
    while (this.#depth === 0 && rest.length > MAX_BLOCK_CHARS) {
      const blocks = this.#firstBlocks(rest);
      tokens.push(...blocks);
      rest = rest.slice(blocks.reduce((length, { raw }) => length + raw.length, 0));
      // Where a line was cut, the spaces do not make its rest code.
      const raw = source.at(-rest.length - 1) === "\n" ? "" : (/^[ \t]+/.exec(rest)?.[0] ?? "");
      if (raw !== "") tokens.push({ type: "space", raw });
      rest = rest.slice(raw.length);
    }
    this.#parseBlocks(rest, tokens, isClipped);
    return tokens as TokensList;
  }

  #parseBlocks(source: string, tokens: Token[] = [], isClipped = false): Token[] {
    const outer = this.#formulas;
    this.#formulas = blockFormulasIn(source).map((index) => source.length - index);
    this.#depth += 1;
    super.blockTokens(source, tokens, isClipped);
    this.#depth -= 1;
    this.#formulas = outer;
    return tokens;
  }

  /** Returns the blocks at a long text's start that the rest cannot change, or the beginning of one that is too long. */
  #firstBlocks(source: string): Token[] {
    for (let length = MAX_BLOCK_CHARS; ; length *= 2) {
      const tokens = this.#parseBlocks(source.slice(0, lengthOfPiece(source, length, ["\n"])));
      const last = tokens.findLastIndex(({ type }) => type !== "space");
      const block = tokens[last];
      if (last > 0) return tokens.slice(0, last);
      if (block?.type === "list" && block.items.length > 1) return [withoutLastItem(block as Tokens.List)];
      // They cannot be cut, and are parsed line by line.
      const isWhole = block?.type === "code" || block?.type === "table";
      if (!isWhole || length >= source.length) return tokens;
    }
  }

  /** Returns how far the next formula is in the last `length` characters of the text whose blocks are parsed. */
  nextFormula(length: number): number | undefined {
    while ((this.#formulas[0] ?? 0) > length) this.#formulas.shift();
    return this.#formulas[0] && length - this.#formulas[0];
  }

  override inlineTokens(source: string, tokens: Token[] = []): Token[] {
    if (this.#depth > MAX_DEPTH) {
      tokens.push({ type: "text", raw: source, text: source });
      return tokens;
    }
    this.#depth += 1;
    for (let rest = source; rest !== ""; ) {
      let length = lengthOfPiece(rest, MAX_INLINE_CHARS, ["\n", ". ", " "]);
      // A line break counts before other text only.
      if (length > 1 && length < rest.length && rest[length - 1] === "\n") length -= 1;
      super.inlineTokens(rest.slice(0, length), tokens);
      rest = rest.slice(length);
    }
    this.#depth -= 1;
    return tokens;
  }
}

/** Returns where to cut a text: behind the last of the first separator that its beginning has. */
function lengthOfPiece(text: string, most: number, separators: readonly string[]): number {
  if (text.length <= most) return text.length;
  const beginning = text.slice(0, most);
  const end = separators
    .map((separator) => beginning.lastIndexOf(separator) + 1)
    .find((length) => length > 0);
  return end ?? most;
}

function withoutLastItem(list: Tokens.List): Tokens.List {
  const items = list.items.slice(0, -1);
  return { ...list, items, raw: items.map(({ raw }) => raw).join("") };
}
