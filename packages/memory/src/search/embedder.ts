import { inTime } from "../in-time.ts";
import { assertFields } from "../validate.ts";

/** What texts are embedded for. Many models want a question and what is searched marked differently. */
export type EmbeddingPurpose = "query" | "passage";

/** A caller's embedding model, which makes a search find turns by their meaning, too. */
export interface Embedder {
  /** Names the model and its version. Vectors of another model are ignored, never compared. */
  readonly model: string;
  /** Numbers in a vector, at most 4,096. */
  readonly dimensions: number;
  /**
   * Returns a vector for each text, in this order. It may throw, and it may ignore the signal, which aborts when the
   * result is no longer waited for.
   */
  readonly embed: (
    texts: string[],
    options: { readonly purpose: EmbeddingPurpose; readonly signal: AbortSignal },
  ) => Promise<readonly (Float32Array | readonly number[])[]>;
  /**
   * The similarity from which on a turn is worth being recalled though it has too few of the query's words, see
   * `minCoverage`. Models differ much in it. Default: words alone decide.
   */
  readonly minSimilarity?: number;
  /** False, or throwing: nothing is asked of it for now, and searches go by words. Default: it is. */
  readonly isReady?: () => boolean;
  /** Called after vectors of a session were stored, with the bytes that they take: for the owner's quota. An error of it is ignored. */
  readonly onStored?: (sessionId: string, bytes: number) => void;
}

/** Why no vectors came of texts. `late`: not within the time; `failed`: it threw; `invalid`: they are not vectors. */
export type EmbeddingFailure = "late" | "failed" | "invalid";

/** An embedder gave no vectors; `failure` says why. */
export class EmbeddingError extends Error {
  readonly failure: EmbeddingFailure;

  constructor(failure: EmbeddingFailure, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "EmbeddingError";
    this.failure = failure;
  }
}

export const isLate = (error: unknown): boolean =>
  error instanceof EmbeddingError && error.failure === "late";

const FIELDS = new Set(["model", "dimensions", "embed", "minSimilarity", "isReady", "onStored"]);
const MAX_DIMENSIONS = 4096;

/** @throws TypeError */
export function assertEmbedder(embedder: Embedder): void {
  assertFields("embedder", embedder, FIELDS);
  const { model, dimensions, embed, minSimilarity = 1, isReady, onStored } = embedder;
  if (typeof model !== "string" || model === "") throw new TypeError("embedder.model must be a name");
  if (!Number.isInteger(dimensions) || dimensions < 1 || dimensions > MAX_DIMENSIONS) {
    throw new TypeError(`embedder.dimensions must be a whole number from 1 to ${MAX_DIMENSIONS}`);
  }
  if (typeof embed !== "function") throw new TypeError("embedder.embed must be a function");
  if (!(minSimilarity >= -1 && minSimilarity <= 1)) {
    throw new TypeError("embedder.minSimilarity must be from -1 to 1");
  }
  if (isReady !== undefined && typeof isReady !== "function") {
    throw new TypeError("embedder.isReady must be a function");
  }
  if (onStored !== undefined && typeof onStored !== "function") {
    throw new TypeError("embedder.onStored must be a function");
  }
}

/**
 * What is behind so many characters of a text makes little difference to its vector. Even of a script of which a character
 * is two tokens they fit a model that takes 8,192 tokens and refuses more.
 */
const MAX_CHARACTERS = 4_000;

/**
 * Asks an embedder for the vectors of texts, which are cut to what every model takes, and waits for it only so long.
 * @throws EmbeddingError
 */
export async function embedInTime(
  embedder: Embedder,
  texts: readonly string[],
  purpose: EmbeddingPurpose,
  timeoutMs: number,
): Promise<Float32Array[]> {
  const late = new EmbeddingError("late", `The embedder did not answer within ${timeoutMs} ms`);
  try {
    const cut = texts.map((text) => text.slice(0, MAX_CHARACTERS).toWellFormed());
    const vectors = await inTime(timeoutMs, late, (signal) => embedder.embed(cut, { purpose, signal }));
    if (!Array.isArray(vectors) || vectors.length !== texts.length) {
      throw new EmbeddingError("invalid", `The embedder must return ${texts.length} vectors`);
    }
    return vectors.map((vector) => toVector(vector, embedder.dimensions));
  } catch (error) {
    if (error instanceof EmbeddingError) throw error;
    throw new EmbeddingError("failed", "The embedder failed", { cause: error });
  }
}

function toVector(given: unknown, dimensions: number): Float32Array {
  const vector = given instanceof Float32Array ? given : Array.isArray(given) && Float32Array.from(given);
  if (!vector || vector.length !== dimensions) {
    throw new EmbeddingError("invalid", `A vector must have ${dimensions} numbers`);
  }
  if (!vector.every(Number.isFinite) || vector.every((value) => value === 0)) {
    throw new EmbeddingError("invalid", "A vector must have finite numbers, and not only zeros");
  }
  return vector;
}
