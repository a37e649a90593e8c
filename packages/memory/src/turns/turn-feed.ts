import { byteLength } from "../bytes.ts";
import { isRole } from "../history/item.ts";
import { itemOf, LogReader, type OutputItem, pieceType, type Segment } from "./turn-log.ts";
import { type TurnEnd, textOf } from "./turn-record.ts";

/** How a turn ended, as its followers learn it. */
export interface TurnOutcome {
  readonly status: TurnEnd;
  /** Items in the session then; null if that is not known: the session is gone, or Redis unavailable. */
  readonly count: number | null;
  /** When, by Redis' clock; absent if that is not known. */
  readonly endedAt?: Date;
}

/**
 * A piece of a turn's output, or its end. `length` is the position behind it: what to follow from to go on. Of a turn
 * that only writes text it is the length of the text in UTF-16 units; the start and the end of an item count one each.
 */
export type TurnUpdate =
  /** Text of a message, of reasoning, of a function call's arguments, or of another item. */
  | {
      readonly type: "text" | "reasoning" | "arguments" | "other";
      readonly text: string;
      readonly length: number;
    }
  /** An item begins: what is known of it. Its text follows. */
  | { readonly type: "item"; readonly item: OutputItem; readonly length: number }
  /** An item is finished: all of it. */
  | { readonly type: "item_done"; readonly item: OutputItem; readonly length: number }
  | { readonly type: "end"; readonly outcome: TurnOutcome; readonly length: number };

/** A turn's output in this process. Only what Redis has acknowledged is in it. */
export interface TurnOutput {
  /** The text of its messages so far, one under the other. */
  readonly text: string;
  /** The position behind what there is so far. */
  readonly length: number;
  /** Its items so far. */
  readonly items: readonly OutputItem[];
  /** Set when the turn has ended. */
  readonly outcome: TurnOutcome | undefined;
  /** From a position to the end. @throws the error that kept this process from knowing how it goes on */
  follow(from: number, signal?: AbortSignal): AsyncGenerator<TurnUpdate, void, void>;
}

// A follower that does not read is one such piece behind, not a whole answer.
const MAX_PIECE = 16_384;

/** What follows a position, up to so much, without half a surrogate pair at its end. */
function piece(text: string, position: number): string {
  const end = position + MAX_PIECE;
  const splits = end < text.length && /[\uD800-\uDBFF]/.test(text.charAt(end - 1));
  const slice = text.slice(position, splits ? end - 1 : end);
  // A copy: a slice would keep the whole text in memory, once for each length that it had.
  return JSON.parse(JSON.stringify(slice)) as string;
}

/** A follower is a position in the output, so a slow one costs no buffer and sees fewer, longer pieces. */
export class TurnFeed implements TurnOutput {
  outcome: TurnOutcome | undefined;
  /** Set instead of an outcome if it could not be found out. */
  error: unknown;
  #reader = new LogReader();
  /** Bytes of log that were read. */
  offset = 0;
  #newest = "";
  readonly #listeners = new Set<() => void>();

  get text(): string {
    const [first, ...others] = this.#segments;
    if (first === undefined) return "";
    if (others.length === 0 && isRole(first.kind)) return first.text;
    return textOf(this.items);
  }

  get length(): number {
    return this.#segments.reduce((sum, segment) => sum + lengthOf(segment), 0);
  }

  get items(): OutputItem[] {
    return this.#segments.map(itemOf);
  }

  get #segments(): Segment[] {
    return this.#reader.segments;
  }

  /** Adds to the log. */
  push(log: string): void {
    if (log === "") return;
    this.offset += byteLength(log);
    this.#newest = this.#reader.read(log) ?? "";
    this.#notify();
  }

  end(outcome: TurnOutcome): void {
    this.outcome ??= outcome;
    const last = this.#segments.at(-1);
    if (last) last.isDone = true;
    this.#notify();
  }

  /** Ends with the output as it is stored. */
  endWith(segments: readonly Segment[], outcome: TurnOutcome): void {
    this.#segments.splice(0, Number.POSITIVE_INFINITY, ...segments);
    this.#newest = "";
    this.end(outcome);
  }

  fail(error: unknown): void {
    this.error ??= error;
    this.#notify();
  }

  /** Calls back once, when there is nothing more to come. */
  onSettled(listener: () => void): void {
    const check = (): void => {
      if (!this.settled) return;
      this.#listeners.delete(check);
      listener();
    };
    this.#listeners.add(check);
  }

  get settled(): boolean {
    return this.outcome !== undefined || this.error !== undefined;
  }

  async *follow(from: number, signal?: AbortSignal): AsyncGenerator<TurnUpdate, void, void> {
    let position = from;
    // The segment that the position is in, and where that begins.
    const at = { segment: 0, start: 0 };
    let wake = (): void => {};
    const onChange = (): void => wake();
    this.#listeners.add(onChange);
    signal?.addEventListener("abort", onChange, { once: true });
    try {
      while (!signal?.aborted) {
        const update = this.#next(position, at);
        if (update !== undefined) {
          position = update.length;
          yield update;
        } else if (this.outcome !== undefined) {
          yield { type: "end", outcome: this.outcome, length: this.length };
          return;
        } else if (this.error !== undefined) {
          throw this.error;
        } else {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      }
    } finally {
      this.#listeners.delete(onChange);
      signal?.removeEventListener("abort", onChange);
    }
  }

  /** What follows a position; undefined: nothing yet. */
  #next(position: number, at: { segment: number; start: number }): TurnUpdate | undefined {
    for (
      let segment = this.#segments[at.segment];
      segment !== undefined;
      segment = this.#segments[at.segment]
    ) {
      const isLast = at.segment === this.#segments.length - 1;
      const { isExplicit, isDone, text } = segment;
      const textStart = at.start + (isExplicit ? 1 : 0);
      const textEnd = textStart + text.length;
      if (position < textStart) {
        return { type: "item", item: startOf(segment), length: textStart };
      }
      if (position < textEnd) {
        // A follower that is up to date gets the newest piece as it is: nothing is cut out of the long text.
        const { length } = this.#newest;
        const isNewest = isLast && textEnd - position === length && length <= MAX_PIECE;
        const next = isNewest ? this.#newest : piece(text, position - textStart);
        return { type: pieceType(segment), text: next, length: position + next.length };
      }
      if (isExplicit && isDone && position < textEnd + 1) {
        return { type: "item_done", item: itemOf(segment), length: textEnd + 1 };
      }
      if (isLast) return undefined;
      at.start += lengthOf(segment);
      at.segment++;
    }
    return undefined;
  }

  #notify(): void {
    for (const listener of this.#listeners) listener();
  }
}

/** What is known of an item when it begins. */
function startOf(segment: Segment): OutputItem {
  const { parts, ...start } = itemOf({ ...segment, text: "" });
  return start as OutputItem;
}

/** How many positions a segment takes. */
const lengthOf = ({ isExplicit, isDone, text }: Segment): number =>
  text.length + (isExplicit ? (isDone ? 2 : 1) : 0);
