import { Marked, type Token, type TokenizerAndRendererExtension } from "marked";
import { BoundedLexer } from "./bounded-lexer.ts";
import { blockFormulaAt, formulaAt } from "./formulas.ts";

/**
 * A letter, a function of letters, or what has a sign of formulas. Text are prices, before and behind the number ("5$, x=1,
 * 6$"), and a shell's variables and commands, even in a code span.
 */
const SINGLE_DOLLARS =
  /^\$(?=[a-zA-Z](?:\([a-zA-Z, ]*\))?\$|[^$\n]*[\\^_=])(?![\s=/{),.;:!?]|\d[^$\\\n]* )([^$\n`]+?)(?<!\s)\$(?![\w({])/;
/** Han, kana, Hangul and the punctuation that is written with them. */
const CJK =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\u3000-\u303f\uff00-\uffef]/u;
const STRONG = /^\*\*(?![\s*])((?:[^*\n]|\*(?!\*))+?)(?<!\s)\*\*(?!\*)/;
const EM = /^\*(?![\s*])([^*\n]+?)(?<!\s)\*(?!\*)/;

const mathBlock: TokenizerAndRendererExtension = {
  name: "mathBlock",
  level: "block",
  start(source) {
    return (this.lexer as BoundedLexer).nextFormula(source.length);
  },
  tokenizer: blockFormulaAt,
};

const mathInline: TokenizerAndRendererExtension = {
  name: "math",
  level: "inline",
  // Marked itself ends a text before a backslash.
  start: (source) => source.indexOf("$"),
  tokenizer(source) {
    const formula = formulaAt(source);
    if (formula !== undefined) return formula;
    const [raw, text = ""] = SINGLE_DOLLARS.exec(source) ?? [];
    return raw === undefined ? undefined : { type: "math", raw, text: text.trim(), isBlock: false };
  },
};

/** CommonMark's rules need spaces between words, so emphasis beside CJK punctuation stays asterisks. */
const cjkEmphasis: TokenizerAndRendererExtension = {
  name: "cjkEmphasis",
  level: "inline",
  tokenizer(source) {
    const strong = STRONG.exec(source);
    const match = strong ?? EM.exec(source);
    const text = match?.[1];
    if (match === null || text === undefined || !CJK.test(text)) return undefined;
    const type = strong === null ? "em" : "strong";
    return { type, raw: match[0], text, tokens: this.lexer.inlineTokens(text) };
  },
};

/** A heading is not longer than this, with the line under it. */
const MAX_HEADING_CHARS = 1_000;
const UNDERLINE = /\n {0,3}(?:=+|-+)[ \t]*(?:\n|$)/;
/** A head of more than 100 columns: each row of a table has all columns, however short it is. */
const WIDE_HEAD = /^(?:[^|\n]*\|){102}/;

const marked = new Marked({
  breaks: true,
  extensions: [mathBlock, mathInline, cjkEmphasis],
  // undefined: no such block; false: Marked decides.
  tokenizer: {
    // For each line of a list's item Marked looks for the line under a heading in all that follows.
    lheading: (source) => (UNDERLINE.test(source.slice(0, MAX_HEADING_CHARS)) ? false : undefined),
    table: (source) => (WIDE_HEAD.test(source) ? undefined : false),
  },
});

/** Parses GitHub's Markdown with line breaks as written, formulas, and emphasis in CJK text. */
export const lex = (source: string): readonly Token[] => new BoundedLexer(marked.defaults).lex(source);
