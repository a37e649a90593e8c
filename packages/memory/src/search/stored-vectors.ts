import { sha1 } from "../hash.ts";
import { decodeItem } from "../history/item-record.ts";
import type { RunScript } from "../redis/script-runner.ts";
import { READ_ENTRIES } from "../scripts/archive.ts";
import { CLAIM_VECTORS, READ_VECTORS, STORE_VECTORS } from "../scripts/search.ts";
import { type Embedder, embedInTime, isLate } from "./embedder.ts";
import type { RecentNames } from "./recent-names.ts";
import { type ReadLimits, readTerms, storeMissing } from "./stored-terms.ts";
import { DROPPED, type TermIndex } from "./term-index.ts";
import { encodeVector, entryLength, tagOf, VectorIndex } from "./vector-index.ts";

// Of one reply, if each item begins a turn and has a vector; usually every other one does. More would keep Redis from other
// callers.
const PAGE_CHARS = 800_000;

/**
 * Reads the vectors of a session's turns: those that are not known, as many as the limits allow.
 * @throws MemoryError `unavailable`, `damaged`
 */
export async function readVectors(
  run: RunScript,
  { model, dimensions }: Pick<Embedder, "model" | "dimensions">,
  limits: ReadLimits,
  known: VectorIndex | undefined,
): Promise<VectorIndex> {
  const giveUpAt = limits.now() + limits.maxMs;
  const page = Math.ceil(PAGE_CHARS / entryLength(dimensions));
  let index = known;
  for (;;) {
    const { epoch = "", changes = "", first: begin = 0, end = 0 } = index ?? {};
    const args = [limits.maxItems, page, epoch, changes, begin, end].map(String);
    const [, , itsEpoch, itsChanges, length, first, ...entries] = await run(READ_VECTORS, args);
    const isCurrent =
      index && index.epoch === itsEpoch && index.changes === itsChanges && end === Number(first);
    if (index === undefined || !isCurrent) {
      const tag = tagOf(model, dimensions);
      index = new VectorIndex(tag, dimensions, String(itsEpoch), String(itsChanges), Number(first));
    }
    // Another search may have added them meanwhile.
    if (index.end === Number(first)) index.extend(entries.map(String));
    if (index.end >= Number(length) || limits.now() > giveUpAt) return index;
  }
}

/** Turns whose vectors are made at once, and in one call of `makeVectors`. */
const BATCH = 16;
const MAX_MADE = 64;
/** A turn of more items has no vector: it is not read in one call. */
const MAX_ITEMS = 500;
const EMBED_TIMEOUT_MS = 30_000;
/** A process that has a session's lease makes its vectors; it claims it again for each batch. */
export const LEASE_MS = 5_000;
/** What a turn takes beside the numbers of its vector. */
const OVERHEAD_BYTES = 24;

interface Turn {
  readonly from: number;
  readonly to: number;
  /** True if no turn follows it, so that it may still grow. */
  readonly isLast: boolean;
}

/** What is known of a session, and what was made. */
export interface MadeVectors {
  readonly terms: TermIndex;
  readonly vectors: VectorIndex;
  /** How many vectors were stored, and what they take in Redis. */
  readonly stored: number;
  readonly bytes: number;
  /** Whether there are more to be made. */
  readonly more: boolean;
  /** True if another process makes them. */
  readonly isTaken: boolean;
}

/**
 * Makes vectors of turns that have none, oldest first, and stores them. A turn waits until it ends with an answer, or
 * another turn follows it: an agent that calls tools adds many items to a turn before it answers.
 * @param worker names the process, which then makes none while another one does; undefined: it makes them in any case
 * @param without remembers turns that can have no vector, so that they do not keep others from theirs
 * @throws EmbeddingError; MemoryError `unavailable`, `damaged`
 */
export async function makeVectors(
  run: RunScript,
  embedder: Embedder,
  limits: ReadLimits,
  known: { readonly terms?: TermIndex | undefined; readonly vectors?: VectorIndex | undefined },
  without: RecentNames,
  worker?: string,
): Promise<MadeVectors> {
  let found = await readTerms(run, "", limits, known.terms);
  if (found.missing !== null) {
    await storeMissing(run, found.missing.epoch, found.missing.from, found.missing.to);
    found = await readTerms(run, "", limits, found.known);
  }
  const { index: terms } = found;
  const vectors = await readVectors(run, embedder, limits, known.vectors);
  const nameOf = ({ from, to }: Turn) =>
    [embedder.model, embedder.dimensions, terms.epoch, terms.changes, from, to].join("\n");
  const missing = answeredTurns(terms).filter(
    (turn) =>
      turn.to - turn.from <= MAX_ITEMS &&
      vectors.numberOf(turn.from, turn.to) < 0 &&
      !without.has(nameOf(turn)),
  );
  const made = missing.slice(0, MAX_MADE);
  let stored = 0;
  let isTaken = false;
  for (let n = 0; n < made.length; n += BATCH) {
    if (worker !== undefined) {
      const [status] = await run(CLAIM_VECTORS, [terms.epoch, worker, String(LEASE_MS)]);
      isTaken = status === "taken";
      if (status !== "ok") break;
    }
    const batch = made.slice(n, n + BATCH);
    stored += await makeBatch(run, terms.epoch, embedder, batch, (turn) => without.add(nameOf(turn)));
  }
  return {
    terms: found.known,
    vectors,
    stored,
    bytes: stored * (embedder.dimensions + OVERHEAD_BYTES),
    more: stored > 0 && missing.length > made.length,
    isTaken,
  };
}

/** The turns that a search can find, without one that is not answered. */
function answeredTurns({ first, kinds, ends }: TermIndex): Turn[] {
  const turns: { from: number; to: number; begin: number; end: number; hasAnswer: boolean }[] = [];
  for (const [n, kind] of kinds.entries()) {
    if (kind === "unknown" || kind === "dropped") continue;
    const last = turns.at(-1);
    if (kind === "user" || last === undefined) {
      const begin = ends[n - 1] ?? 0;
      turns.push({
        from: first + n,
        to: first + n + 1,
        begin,
        end: ends[n] ?? 0,
        hasAnswer: kind !== "user",
      });
    } else Object.assign(last, { to: first + n + 1, end: ends[n], hasAnswer: true });
  }
  return turns
    .map((turn, n) => ({ ...turn, isLast: n === turns.length - 1 }))
    .filter(
      ({ from, begin, end, hasAnswer, isLast }) =>
        end > begin && (hasAnswer || !isLast) && (from > first || first === 0),
    );
}

/** True if the last item of a turn is an assistant's message that calls no tool. */
function isAnswered(records: readonly string[]): boolean {
  const last = decodeItem(records.findLast((record) => record !== DROPPED) ?? "", 0, "");
  return last?.role === "assistant" && (last.toolCalls ?? []).length === 0;
}

async function makeBatch(
  run: RunScript,
  epoch: string,
  embedder: Embedder,
  turns: readonly Turn[],
  giveUp: (turn: Turn) => void,
): Promise<number> {
  const read: { turn: Turn; text: string; digest: string }[] = [];
  for (const turn of turns) {
    const [status, , ...records] = await run(READ_ENTRIES, [epoch, String(turn.from), String(turn.to)]);
    if (status === "gone") return 0;
    // A turn of more than 1 MiB has no vector.
    if (records.length < turn.to - turn.from) giveUp(turn);
    else if (!turn.isLast || isAnswered(records.map(String)))
      read.push({ turn, text: textOf(records.map(String)), digest: sha1(records.join("\n")) });
  }
  if (read.length === 0) return 0;
  const vectors = await embedPassages(
    embedder,
    read.map(({ text }) => text),
  );
  const tag = tagOf(embedder.model, embedder.dimensions);
  const args = read.flatMap(({ turn, digest }, n) => {
    const vector = vectors[n];
    if (vector === undefined) {
      giveUp(turn);
      return [];
    }
    const span = turn.to - turn.from;
    return [String(turn.from), String(span), digest, encodeVector(tag, span, vector)];
  });
  for (;;) {
    const [status, , stored] = await run(STORE_VECTORS, [epoch, ...args]);
    if (status === "gone") return 0;
    if (status === "ok") return Number(stored);
  }
}

/**
 * Embeds texts, one by one if they cannot be embedded together. Undefined for one that the embedder refuses.
 * @throws EmbeddingError if it is late, or embeds none of them: then it is not the texts that it fails by
 */
async function embedPassages(
  embedder: Embedder,
  texts: readonly string[],
): Promise<readonly (Float32Array | undefined)[]> {
  const embed = (some: readonly string[]) => embedInTime(embedder, some, "passage", EMBED_TIMEOUT_MS);
  try {
    return await embed(texts);
  } catch (error) {
    if (isLate(error) || texts.length === 1) throw error;
    const vectors: (Float32Array | undefined)[] = [];
    for (const text of texts) {
      const [vector] = await embed([text]).catch((refusal) => {
        if (isLate(refusal)) throw refusal;
        return [];
      });
      vectors.push(vector);
    }
    if (vectors.every((vector) => vector === undefined)) throw error;
    return vectors;
  }
}

/** What is embedded of a turn: the texts of its items, without reasoning. */
function textOf(records: readonly string[]): string {
  const texts = records.flatMap((record) => {
    const item = record === DROPPED ? undefined : decodeItem(record, 0, "");
    if (item === undefined || item.type === "reasoning") return [];
    return item.content === "" ? (item.toolCalls ?? []).map((call) => call.arguments) : item.content;
  });
  return texts.join("\n");
}
