import { sha1 } from "../hash.ts";

// A vector is stored as one ASCII character for each number, so that every client can read it: the number, scaled to
// -63…63, plus 64. A cosine does not depend on the scale, so that is not stored.
const RANGE = 63;
const ZERO = 64;
const TAG_CHARS = 8;
const SPAN_CHARS = 2;
const HEAD_CHARS = TAG_CHARS + SPAN_CHARS;
const BASE = 36;

/** Stands for a model in each entry. */
export const tagOf = (model: string, dimensions: number): string =>
  sha1(`${model}\n${dimensions}`).slice(0, TAG_CHARS);

/** Characters of an entry. */
export const entryLength = (dimensions: number): number => HEAD_CHARS + dimensions;

/** The entry of a turn. `span`: how many items it has. */
export function encodeVector(tag: string, span: number, vector: Float32Array): string {
  const largest = vector.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
  const scale = RANGE / largest;
  const codes = Array.from(vector, (value) => Math.round(value * scale) + ZERO);
  return tag + span.toString(BASE).padStart(SPAN_CHARS, "0") + String.fromCharCode(...codes);
}

/** The vectors of a session's turns by one model. */
export class VectorIndex {
  readonly dimensions: number;
  readonly #tag: string;
  /** The session's epoch, and how often vectors in it had been changed, when they were read. */
  readonly epoch: string;
  readonly changes: string;
  /** The index of the first entry. */
  readonly first: number;
  /** Entries that are damaged. */
  damaged = 0;
  /** Of each entry: the number of the vector, or -1. */
  readonly #numbers: number[] = [];
  readonly #spans: number[] = [];
  #data = new Int8Array(0);
  #lengths: number[] = [];

  constructor(tag: string, dimensions: number, epoch: string, changes: string, first: number) {
    this.#tag = tag;
    this.dimensions = dimensions;
    this.epoch = epoch;
    this.changes = changes;
    this.first = first;
  }

  /** The index behind the last entry. */
  get end(): number {
    return this.first + this.#numbers.length;
  }

  /** How many vectors it has. */
  get size(): number {
    return this.#spans.length;
  }

  get bytes(): number {
    return this.#data.length + 16 * this.size + 8 * this.#numbers.length;
  }

  /** Adds entries behind the last one. */
  extend(entries: readonly string[]): void {
    for (const entry of entries) this.#numbers.push(this.#add(entry));
  }

  /** The number of the vector of a turn, or -1. Only of one that has just these items. */
  numberOf(from: number, to: number): number {
    const number = this.#numbers[from - this.first] ?? -1;
    return number >= 0 && this.#spans[number] === to - from ? number : -1;
  }

  /** The cosine of the angle between a vector and each one here, by its number. */
  similarities(vector: Float32Array): Float32Array {
    const { dimensions, size } = this;
    const data = this.#data;
    const length = Math.hypot(...vector);
    const similarities = new Float32Array(size);
    for (let n = 0, at = 0; n < size; n++) {
      let sum = 0;
      for (let d = 0; d < dimensions; d++, at++) sum += (vector[d] as number) * (data[at] as number);
      similarities[n] = sum / (length * (this.#lengths[n] as number));
    }
    return similarities;
  }

  #add(entry: string): number {
    // Of an item that is not a turn's first, or of a turn without a vector.
    if (entry.length < 5) return -1;
    if (!entry.startsWith(this.#tag)) {
      if (!/^[0-9a-f]{8}[0-9a-z]{2}/.test(entry)) this.damaged++;
      return -1;
    }
    const { dimensions, size } = this;
    const span = Number.parseInt(entry.slice(TAG_CHARS, HEAD_CHARS), BASE);
    const at = size * dimensions;
    if (this.#data.length < at + dimensions) this.#grow(at + dimensions);
    let squares = 0;
    let wrong = entry.length !== entryLength(dimensions) || !(span >= 1);
    for (let d = 0; d < dimensions && !wrong; d++) {
      const value = entry.charCodeAt(HEAD_CHARS + d) - ZERO;
      wrong = value < -RANGE || value > RANGE;
      this.#data[at + d] = value;
      squares += value * value;
    }
    if (wrong || squares === 0) {
      this.damaged++;
      return -1;
    }
    this.#lengths.push(Math.sqrt(squares));
    return this.#spans.push(span) - 1;
  }

  #grow(least: number): void {
    const data = new Int8Array(Math.max(least, this.#data.length * 2, 16 * this.dimensions));
    data.set(this.#data);
    this.#data = data;
  }
}
