import { Lexer, type Token, type Tokens, type TokensList } from "marked";
import { blockFormulasIn } from "./formulas.ts";

/** Deeper lists, quotes and emphasis are text: each level costs as much as all of its text, and stack. */
const MAX_DEPTH = 20;
/** A block of more lines is parsed as several ones: for each line Marked may look at all of the block's text. */
const MAX_BLOCK_LINES = 3_000;
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
    if (this.#depth > 0) return this.#parseBlocks(source, tokens, isClipped);
    for (let rest = source; rest !== ""; ) {
      const blocks = this.#firstBlocks(rest);
      rest = rest.slice(blocks.reduce((length, { raw }) => length + raw.length, 0));
      for (const block of blocks) append(tokens, block);
    }
    return tokens as TokensList;
  }

  #parseBlocks(source: string, tokens: Token[] = [], isClipped = false): TokensList {
    const outer = this.#formulas;
    this.#formulas = blockFormulasIn(source).map((index) => source.length - index);
    this.#depth += 1;
    super.blockTokens(source, tokens, isClipped);
    this.#depth -= 1;
    this.#formulas = outer;
    return tokens as TokensList;
  }

  /** Returns the blocks at a text's start that the rest cannot change, or the beginning of one that is too long. */
  #firstBlocks(source: string): Token[] {
    const length = lengthOfLines(source, MAX_BLOCK_LINES);
    const tokens = this.#parseBlocks(source.slice(0, length));
    if (length === source.length) return tokens;
    const last = tokens.findLastIndex(({ type }) => type !== "space");
    const block = tokens[last];
    if (last > 0) return tokens.slice(0, last);
    if (isList(block) && block.items.length > 1) return [withoutLastItem(block)];
    const whole = this.#uncut(source, block?.type);
    return whole === undefined ? tokens : [whole];
  }

  /** Returns all of the block at a text's start, if Marked looks at each of its lines once. */
  #uncut(source: string, type = ""): Token | undefined {
    const { tokenizer } = this.options;
    if (type === "code") return tokenizer?.code(source) || tokenizer?.fences(source) || undefined;
    if (type === "html" || type === "table") return tokenizer?.[type](source) || undefined;
    return undefined;
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
      let length = lengthOfPiece(rest, MAX_INLINE_CHARS, ["\n", ". ", "。", " "]);
      // A line break counts before other text only.
      if (length > 1 && length < rest.length && rest[length - 1] === "\n") length -= 1;
      const piece = rest.slice(0, length);
      // Marked looks for a line break behind each of them.
      if (/^ +$/.test(piece)) tokens.push({ type: "text", raw: piece, text: piece });
      else super.inlineTokens(piece, tokens);
      rest = rest.slice(length);
    }
    this.#depth -= 1;
    return tokens;
  }
}

/** Returns the length of a text's first lines. */
function lengthOfLines(text: string, lines: number): number {
  let end = 0;
  for (let line = 0; line < lines; line++) {
    end = text.indexOf("\n", end) + 1;
    if (end === 0) return text.length;
  }
  return end;
}

/** Appends a block. Lists with the same mark and nothing between them are one list that was cut between its items. */
function append(tokens: Token[], block: Token): void {
  const before = tokens.at(-1);
  if (!isList(before) || !isList(block) || markOf(before) !== markOf(block)) {
    tokens.push(block);
    return;
  }
  for (const item of block.items) before.items.push(item);
  before.raw += block.raw;
}

const isList = (token: Token | undefined): token is Tokens.List => token?.type === "list";
const markOf = ({ raw }: Tokens.List) => /^ {0,3}\d*(.)/.exec(raw)?.[1];

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
