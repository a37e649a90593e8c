const FENCE = /^ {0,3}(`{3,})([^`]*)$/;
const MARKDOWN = /^(?:markdown|md)$/i;
/** More inner fences than that are not followed to the one that closes the block. */
const MAX_INNER = 200;

interface Fence {
  readonly line: number;
  readonly length: number;
  /** The language; "" for one that can close a block. */
  readonly info: string;
}

/**
 * Makes a Markdown code block whose inner fences pair up one block, by longer outer fences. By CommonMark the first
 * inner fence that closes would end it. `isWhole`: no more text is coming, so a block that never ends stays as it is.
 */
export function widenFences(source: string, isWhole: boolean): string {
  if (!/^ {0,3}`{3,}[ \t]*(?:markdown|md)[ \t]*$/im.test(source)) return source;
  const lines = source.split("\n");
  const fences = lines.flatMap((text, line): Fence[] => {
    const [, ticks = "", info = ""] = FENCE.exec(text) ?? [];
    return ticks === "" ? [] : [{ line, length: ticks.length, info: info.trim() }];
  });
  for (let start = 0; start < fences.length; start++) {
    const nested = MARKDOWN.test(fences[start]?.info ?? "") ? endOfNested(fences, start) : null;
    if (nested?.hasInner && (nested.end < fences.length || !isWhole)) {
      widen(lines, fences[start]);
      widen(lines, fences[nested.end]);
    }
    const isPlain = nested === null || (nested.hasInner && nested.end === fences.length && isWhole);
    start = isPlain ? endOfPlain(fences, start) : nested.end;
  }
  return lines.join("\n");
}

/** Finds the fence that closes a block in which inner blocks have a language; past the last one if there is none. */
function endOfNested(fences: readonly Fence[], start: number) {
  const least = fences[start]?.length ?? 0;
  let isInner = false;
  let hasInner = false;
  for (let at = start + 1; at < Math.min(fences.length, start + MAX_INNER); at++) {
    const { info = "", length = 0 } = fences[at] ?? {};
    if (isInner) {
      if (info === "") isInner = false;
    } else if (info !== "") {
      isInner = true;
      hasInner = true;
    } else if (length >= least) {
      return { end: at, hasInner };
    }
  }
  return { end: fences.length, hasInner };
}

function endOfPlain(fences: readonly Fence[], start: number): number {
  const least = fences[start]?.length ?? 0;
  for (let at = start + 1; at < fences.length; at++) {
    const { info = "", length = 0 } = fences[at] ?? {};
    if (info === "" && length >= least) return at;
  }
  return fences.length;
}

function widen(lines: string[], fence: Fence | undefined): void {
  if (fence === undefined) return;
  lines[fence.line] = (lines[fence.line] ?? "").replace(/`{3,}/, (ticks) => `${ticks}\`\`\``);
}
