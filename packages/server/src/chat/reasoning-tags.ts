/** The pairs that models put around their reasoning, where their server leaves it in the text. */
const TAGS: readonly (readonly [open: string, close: string])[] = [
  ["<think>", "</think>"],
  ["<thinking>", "</thinking>"],
  ["<thought>", "</thought>"],
  ["<reasoning>", "</reasoning>"],
  ["<seed:think>", "</seed:think>"],
  ["[think]", "[/think]"],
  ["◁think▷", "◁/think▷"],
  ["<|start_thinking|>", "<|end_thinking|>"],
  ["<|begin_of_thought|>", "<|end_of_thought|>"],
  ["<|channel>", "<channel|>"],
  ["<|channel|>analysis<|message|>", "<|end|>"],
];
/** What stands in front of the text itself, and is no part of it. */
const SOLUTION = ["<|begin_of_solution|>", "<|end_of_solution|>"] as const;
const MARKERS = ["<|start|>assistant", "<|channel|>final<|message|>", SOLUTION[0]];
/** The tag that some chat templates open themselves, so that an answer has only the closing one. */
const TEMPLATE_CLOSE = "</think>";

export interface TaggedOutput {
  text(piece: string): void;
  reasoning(piece: string): void;
}

type State =
  /** Nothing but blanks and reasoning has come. */
  | { readonly at: "start"; readonly reasoned: boolean; readonly inSolution?: boolean }
  | { readonly at: "reasoning"; readonly close: string }
  /** The template has opened the tag, if this answer is like the ones before it. */
  | { readonly at: "undecided" }
  /** The text, up to the marker behind it. */
  | { readonly at: "solution" }
  | { readonly at: "text" };

/**
 * Separates an answer's text from the reasoning before it. Only the beginning of an answer is examined: a tag in
 * the middle of a text is part of the text. A tag may be cut over several pieces.
 */
export class ReasoningTags {
  readonly #out: TaggedOutput;
  #state: State;
  #pending = "";
  #closedByTemplate = false;
  /** The text's last line, while it can still be a closing tag on a line of its own; else null. */
  #line: string | null = "";

  /** @param opened true if earlier answers of this model had a closing tag only */
  constructor(out: TaggedOutput, opened = false) {
    this.#out = out;
    this.#state = opened ? { at: "undecided" } : { at: "start", reasoned: false };
  }

  /** True if the answer had a closing tag whose opening tag was the template's. */
  get closedByTemplate(): boolean {
    return this.#closedByTemplate;
  }

  /** The reasoning comes by itself, so the text has none. */
  reasonedElsewhere(): void {
    if (this.#state.at !== "undecided") return;
    this.#state = { at: "start", reasoned: true };
    this.push("");
  }

  push(piece: string): void {
    if (this.#state.at === "text") {
      this.#text(piece);
      return;
    }
    this.#pending += piece;
    while (this.#step());
  }

  /** The answer is over: what waited for the rest of a tag is not one. */
  end(): void {
    const rest = this.#pending;
    this.#pending = "";
    if (rest === "") return;
    if (this.#state.at === "reasoning") this.#out.reasoning(rest);
    else this.#text(rest);
  }

  /** Decides something about what is pending; true if more of it can be decided. */
  #step(): boolean {
    switch (this.#state.at) {
      case "start":
        return this.#findOpening(this.#state);
      case "reasoning":
        return this.#findClosing(this.#state.close, (piece) => this.#out.reasoning(piece), {
          at: "start",
          reasoned: true,
        });
      case "undecided":
        return this.#findTemplateClosing();
      case "solution":
        return this.#findClosing(SOLUTION[1], (piece) => this.#text(piece), { at: "text" });
      case "text":
        this.#text(this.#pending);
        this.#pending = "";
        return false;
    }
  }

  #findOpening({ reasoned, inSolution }: State & { at: "start" }): boolean {
    const start = this.#pending.trimStart();
    const tag = tagAt(start);
    if (tag !== undefined) {
      this.#state = { at: "reasoning", close: tag[1] };
      this.#pending = start.slice(tag[0].length);
      return true;
    }
    const marker = MARKERS.find((text) => start.startsWith(text));
    if (marker !== undefined) {
      this.#state = { at: "start", reasoned: true, inSolution: marker === SOLUTION[0] };
      this.#pending = start.slice(marker.length);
      return true;
    }
    if (couldBecomeTag(start)) return false;
    if (reasoned) this.#pending = start;
    this.#state = { at: inSolution ? "solution" : "text" };
    return true;
  }

  #findClosing(close: string, take: (piece: string) => void, next: State): boolean {
    const at = lowerCase(this.#pending).indexOf(close);
    if (at >= 0) {
      take(this.#pending.slice(0, at));
      this.#pending = this.#pending.slice(at + close.length);
      this.#state = next;
      return true;
    }
    // The last characters may be the beginning of the tag.
    const safe = Math.max(0, this.#pending.length - (close.length - 1));
    if (safe > 0) take(this.#pending.slice(0, safe));
    this.#pending = this.#pending.slice(safe);
    return false;
  }

  /** Everything is held back, because it is the answer if the closing tag does not come. */
  #findTemplateClosing(): boolean {
    if (tagAt(this.#pending.trimStart()) !== undefined) {
      this.#state = { at: "start", reasoned: false };
      return true;
    }
    const at = this.#pending.toLowerCase().indexOf(TEMPLATE_CLOSE);
    if (at < 0) {
      this.#out.reasoning("");
      return false;
    }
    this.#closedByTemplate = true;
    this.#state = { at: "reasoning", close: TEMPLATE_CLOSE };
    return true;
  }

  #text(piece: string): void {
    if (piece === "") return;
    if (!this.#closedByTemplate && (this.#line !== null || piece.includes("\n"))) this.#lookForClosing(piece);
    this.#out.text(piece);
  }

  #lookForClosing(piece: string): void {
    const seen = (this.#line ?? "…") + piece;
    this.#closedByTemplate = templateClosing(seen) >= 0;
    const line = seen.slice(seen.lastIndexOf("\n") + 1);
    const isShort = line.length < 4 * TEMPLATE_CLOSE.length;
    this.#line = isShort && TEMPLATE_CLOSE.startsWith(line.trim().toLowerCase()) ? line : null;
  }
}

/** As long as the text: İ is the only character whose lower case is longer. */
const lowerCase = (text: string): string => text.replaceAll("İ", "i").toLowerCase();

const tagAt = (text: string) =>
  BEGINS_LIKE_TAG.test(text)
    ? TAGS.find(([open]) => text.slice(0, open.length).toLowerCase() === open)
    : undefined;

const OPENINGS = [...TAGS.map(([open]) => open), ...MARKERS];

const couldBecomeTag = (text: string): boolean =>
  OPENINGS.some((open) => text.length < open.length && open.startsWith(text.toLowerCase()));

/** Where the text after a closing tag on a line of its own begins; -1 without one. */
function templateClosing(text: string): number {
  const found = /(?:^|\n)[ \t]*<\/think>[ \t]*(?:\n|$)/i.exec(text);
  return found === null ? -1 : found.index + found[0].length;
}

// Two, because a search for either of them at once takes four times as long.
const BEGINS_LIKE_TAG = /^\s*[<[◁]/;
const HAS_TEMPLATE_CLOSE = /<\/think>/i;

/** An answer without the reasoning in front of it, for answers that were stored with it. */
export function withoutReasoning(answer: string): string {
  if (!BEGINS_LIKE_TAG.test(answer) && !HAS_TEMPLATE_CLOSE.test(answer)) return answer;
  let text = "";
  const tags = new ReasoningTags({
    text: (piece) => {
      text += piece;
    },
    reasoning: () => {},
  });
  tags.push(answer);
  tags.end();
  const end = templateClosing(text);
  // In a code block it is an example.
  const example = end >= 0 && (text.slice(0, end).match(/```/g)?.length ?? 0) % 2 === 1;
  return end >= 0 && !example ? text.slice(end).trimStart() : text;
}
