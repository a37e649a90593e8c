import { DELIMITERS, MAX_FORMULA_CHARS } from "./formulas.ts";

/** A line that so far consists of markup only: a bullet, a heading's #, a rule, a fence, a table's border. */
const MARKS_ONLY = /^[ \t]*(?:[-*+_=#>`~|:]+|\d{1,9}[.)]?|[-*+][ \t]+\[[ xX]?\]?)[ \t]*$/;
const FENCE = /^[ \t]*(`{3,}|~{3,})/;
/** The possible start of a closing fence. */
const HALF_FENCE = /^[ \t]*[`~]+$/;
/** Without the spaces around it. */
const TABLE_BORDER = /^(?:\|[ \t]*)?:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?$/;

/**
 * Completes streaming Markdown: text whose look would change with the next token is held back
 * (a lone "#", the first lines of a table), and open markup is closed ("**bo" becomes "**bo**").
 */
export function settleTail(source: string): string {
  const lines = source.split("\n");
  const last = lines.pop() ?? "";
  if (isInFence(lines)) return HALF_FENCE.test(last) ? lines.join("\n") : source;
  const lastFence = lines.findLastIndex((line) => FENCE.test(line));
  const code = lines.slice(0, lastFence + 1).join("\n");
  const whole = code + withoutOpenMath(source.slice(code.length));
  if (whole !== source) return settleTail(whole);
  // A block starts after an empty line, or after the fence that ended a code block.
  const blockStart = 1 + Math.max(lines.lastIndexOf(""), lastFence);
  const block = lines.slice(blockStart);
  const before = lines.slice(0, blockStart);
  if (isTableBegun(block, last)) return before.join("\n");
  if (MARKS_ONLY.test(last)) return lines.join("\n");
  const text = [...block, last].join("\n");
  return [...before, closeInline(text)].join("\n");
}

/** Holds back formulas until their closing delimiters have arrived. */
function withoutOpenMath(text: string): string {
  // They close what they open, so they are counted.
  const dollars = [...text.matchAll(/\$\$/g)].map(({ index }) => index);
  for (let end = text.length; ; ) {
    // A longer text after an opening delimiter is no formula.
    const from = Math.max(0, end - MAX_FORMULA_CHARS);
    const last = text.slice(from, end);
    const starts = DELIMITERS.map(([open, close]) => last.indexOf(open, last.lastIndexOf(close) + 1));
    while (dollars.length > 0 && (dollars.at(-1) ?? 0) + 2 > end) dollars.pop();
    if (dollars.length % 2 === 1) starts.push((dollars.at(-1) ?? 0) - from);
    const start = Math.max(...starts);
    if (start < 0) return text.slice(0, end);
    end = from + start;
  }
}

function isInFence(lines: readonly string[]): boolean {
  let open: string | null = null;
  for (const line of lines) {
    const fence = FENCE.exec(line)?.[1];
    if (fence === undefined) continue;
    if (open === null) open = fence;
    else if (fence[0] === open[0] && fence.length >= open.length && line.trim() === fence) open = null;
  }
  return open !== null;
}

/** Holds back a table's head until its border has arrived. */
function isTableBegun(block: readonly string[], last: string): boolean {
  const lines = [...block, last];
  const head = lines.findIndex((line) => line.trimStart().startsWith("|"));
  if (head < 0 || head < lines.length - 2) return false;
  return head === lines.length - 1 || TABLE_BORDER.test(last.trim()) || last.trim() === "";
}

/** Closes the open markup of the last paragraph: emphasis, code, a link with an incomplete address. */
function closeInline(text: string): string {
  const open: string[] = [];
  let i = 0;
  while (i < text.length) {
    const char = text[i] ?? "";
    if (char === "\\") {
      i += 2;
    } else if (char === "`") {
      const ticks = /^`+/.exec(text.slice(i))?.[0] ?? "`";
      const end = text.indexOf(ticks, i + ticks.length);
      // Inside code no other markup opens.
      if (end < 0) return closeAll(i + ticks.length === text.length ? text.slice(0, i) : text + ticks, open);
      i = end + ticks.length;
    } else if (char === "*" || char === "_" || char === "~") {
      const mark = text.startsWith(char + char, i) ? char + char : char;
      note(open, text, i, mark);
      i += mark.length;
    } else {
      i += 1;
    }
  }
  return closeAll(withoutHalfLink(text), open);
}

function note(open: string[], text: string, at: number, mark: string): void {
  if (mark === "~") return;
  if (open.at(-1) === mark && !/\s/.test(text[at - 1] ?? " ")) {
    open.pop();
    return;
  }
  const canOpen = /^$|[\s\p{P}\p{S}]/u.test(text[at - 1] ?? "") && !/\s/.test(text[at + mark.length] ?? "");
  if (canOpen) open.push(mark);
}

function closeAll(text: string, open: string[]): string {
  let end = text.length;
  // A mark without text after it is not shown.
  while (open.length > 0 && text.endsWith(open.at(-1) ?? "", end)) end -= open.pop()?.length ?? 0;
  const shown = text.slice(0, end);
  return open.length === 0 ? shown : shown.trimEnd() + open.toReversed().join("");
}

/** Shows "[Redis](https://red" as "Redis" until the address is complete. */
function withoutHalfLink(text: string): string {
  return text.replace(/!?\[([^[\]\n]*)(?:\](?:\([^()\s]*)?)?$/, "$1");
}
