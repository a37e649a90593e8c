const FENCE = /^( {0,3})(`{3,})[ \t]*([^`]*)$/;
const MARKDOWN = /^(?:markdown|md)$/i;

/**
 * Makes a Markdown code block whose inner fences pair up one block, by longer outer fences. By CommonMark the first
 * inner fence that closes would end it. `isWhole`: no more text is coming, so a block that never ends stays as it is.
 */
export function widenFences(source: string, isWhole: boolean): string {
  if (!/^ {0,3}`{3,}[ \t]*(?:markdown|md)[ \t]*$/im.test(source)) return source;
  const lines = source.split("\n");
  for (let start = 0; start < lines.length; start++) {
    const [, , ticks = "", info = ""] = FENCE.exec(lines[start] ?? "") ?? [];
    if (ticks === "") continue;
    const end = MARKDOWN.test(info.trim()) ? endOfNested(lines, start, ticks.length) : null;
    if (end === null) {
      start = endOfPlain(lines, start, ticks.length);
    } else if (end.hasInner && (end.line < lines.length || !isWhole)) {
      widen(lines, start);
      if (end.line < lines.length) widen(lines, end.line);
      start = end.line;
    } else {
      start = end.hasInner ? endOfPlain(lines, start, ticks.length) : end.line;
    }
  }
  return lines.join("\n");
}

/** Finds the line that closes a block in which inner blocks have a language; past the end if there is none. */
function endOfNested(lines: readonly string[], start: number, length: number) {
  let isInner = false;
  let hasInner = false;
  for (let line = start + 1; line < lines.length; line++) {
    const [, , ticks = "", info = ""] = FENCE.exec(lines[line] ?? "") ?? [];
    if (ticks === "") continue;
    if (isInner) {
      if (info.trim() === "") isInner = false;
    } else if (info.trim() !== "") {
      isInner = true;
      hasInner = true;
    } else if (ticks.length >= length) {
      return { line, hasInner };
    }
  }
  return { line: lines.length, hasInner };
}

function endOfPlain(lines: readonly string[], start: number, length: number): number {
  const end = lines.findIndex((text, line) => {
    const [, , ticks = "", info = ""] = FENCE.exec(text) ?? [];
    return line > start && ticks.length >= length && info.trim() === "";
  });
  return end < 0 ? lines.length : end;
}

function widen(lines: string[], line: number): void {
  lines[line] = (lines[line] ?? "").replace(/`{3,}/, (ticks) => `${ticks}\`\`\``);
}
