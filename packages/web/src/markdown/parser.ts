import { Marked, type Token, type TokenizerAndRendererExtension, type Tokens } from "marked";

/** A formula as it was written, with its delimiters in `raw`. */
export interface MathToken extends Tokens.Generic {
  readonly type: "math";
  readonly raw: string;
  readonly text: string;
  readonly isBlock: boolean;
}

const MATH = /^(?:\\\(([^\n]+?)\\\)|\\\[([\s\S]+?)\\\]|\$\$([\s\S]+?)\$\$)/;
/**
 * A letter, a function of letters, or what has a sign of formulas. Text are prices, before and behind the number ("5$, x=1,
 * 6$"), and a shell's variables and commands, even in a code span.
 */
const SINGLE_DOLLARS =
  /^\$(?=[a-zA-Z](?:\([a-zA-Z, ]*\))?\$|[^$\n]*[\\^_=])(?![\s=/{),.;:!?]|\d[^$\\\n]* )([^$\n`]+?)(?<!\s)\$(?![\w({])/;
const MATH_BLOCK = /^ {0,3}(?:\\\[([\s\S]+?)\\\]|\$\$([\s\S]+?)\$\$)[ \t]*(?:\n|$)/;
/** Han, kana, Hangul and the punctuation that is written with them. */
const CJK =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\u3000-\u303f\uff00-\uffef]/u;
const STRONG = /^\*\*(?![\s*])((?:[^*\n]|\*(?!\*))+?)(?<!\s)\*\*(?!\*)/;
const EM = /^\*(?![\s*])([^*\n]+?)(?<!\s)\*(?!\*)/;

/** LaTeX's own delimiters. */
const mathBlock: TokenizerAndRendererExtension = {
  name: "mathBlock",
  level: "block",
  start: (source) => source.match(/^ {0,3}(?:\\\[|\$\$)/m)?.index,
  tokenizer(source) {
    const match = MATH_BLOCK.exec(source);
    if (match === null) return undefined;
    return { type: "math", raw: match[0], text: (match[1] ?? match[2] ?? "").trim(), isBlock: true };
  },
};

const mathInline: TokenizerAndRendererExtension = {
  name: "math",
  level: "inline",
  start: (source) => source.match(/\\\(|\\\[|\$/)?.index,
  tokenizer(source) {
    const match = MATH.exec(source) ?? SINGLE_DOLLARS.exec(source);
    if (match === null) return undefined;
    const [raw, inline, ...display] = match;
    const text = (inline ?? display.find((part) => part !== undefined) ?? "").trim();
    return { type: "math", raw, text, isBlock: inline === undefined };
  },
};

/** CommonMark's rules need spaces between words, so emphasis beside CJK punctuation stays asterisks. */
const cjkEmphasis: TokenizerAndRendererExtension = {
  name: "cjkEmphasis",
  level: "inline",
  start: (source) => source.match(/\*/)?.index,
  tokenizer(source) {
    const strong = STRONG.exec(source);
    const match = strong ?? EM.exec(source);
    const text = match?.[1];
    if (match === null || text === undefined || !CJK.test(text)) return undefined;
    const type = strong === null ? "em" : "strong";
    return { type, raw: match[0], text, tokens: this.lexer.inlineTokens(text) };
  },
};

const marked = new Marked({ breaks: true, extensions: [mathBlock, mathInline, cjkEmphasis] });

/** Parses GitHub's Markdown with line breaks as written, formulas, and emphasis in CJK text. */
export const lex = (source: string): readonly Token[] => marked.lexer(source);
