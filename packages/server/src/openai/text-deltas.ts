const LENGTH = 4;

/**
 * Cuts a text that comes in pieces into deltas: of four UTF-16 units, or five where four would split a character. Where
 * it is cut depends on the text alone. So every stream of it, live or replayed, by any server, has the same deltas,
 * although it is not stored how the text arrived.
 */
export class TextDeltas {
  #rest = "";

  /** The deltas that are complete with this piece. */
  *add(piece: string): Generator<string, void, void> {
    this.#rest += piece;
    let from = 0;
    for (
      let end = endOfDelta(this.#rest, from);
      end <= this.#rest.length;
      end = endOfDelta(this.#rest, from)
    ) {
      yield this.#rest.slice(from, end);
      from = end;
    }
    this.#rest = this.#rest.slice(from);
  }

  /** What is left when the text has ended. */
  *end(): Generator<string, void, void> {
    if (this.#rest !== "") yield this.#rest;
    this.#rest = "";
  }
}

function endOfDelta(text: string, from: number): number {
  const end = from + LENGTH;
  return isHighSurrogate(text.charCodeAt(end - 1)) ? end + 1 : end;
}

const isHighSurrogate = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdbff;
