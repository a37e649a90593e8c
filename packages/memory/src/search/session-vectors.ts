import { MemoryError } from "../errors.ts";
import type { RunScript } from "../redis/script-runner.ts";
import { unref } from "../unref.ts";
import {
  assertEmbedder,
  type Embedder,
  EmbeddingError,
  type EmbeddingFailure,
  embedInTime,
  isLate,
} from "./embedder.ts";
import { IndexCache, onePerClient } from "./index-cache.ts";
import { RecentNames } from "./recent-names.ts";
import { LIMITS } from "./search-session.ts";
import type { ReadLimits } from "./stored-terms.ts";
import { LEASE_MS, makeVectors, readVectors } from "./stored-vectors.ts";
import type { TermIndex } from "./term-index.ts";
import { tagOf, type VectorIndex } from "./vector-index.ts";

/** A session whose vectors are read or made. */
export interface VectorSession {
  readonly sessionId: string;
  /** The session's key of terms. */
  readonly key: string;
  readonly run: RunScript;
}

/** What comparing vectors added to a search. */
export interface ComparedVectors {
  /** Turns that were compared with the query. */
  readonly compared: number;
  /** Turns that have a vector that is damaged; they are found by their words. */
  readonly damaged: number;
  /** Why turns were found by their words alone. */
  readonly failed?: EmbeddingFailure | "unavailable";
}

/** Without the similarities. */
export const countsOf = ({ compared, damaged, failed }: ComparedVectors): ComparedVectors => ({
  compared,
  damaged,
  ...(failed !== undefined && { failed }),
});

/** How similar turns are to a query. */
export interface Similarities extends ComparedVectors {
  /** From which on a turn is worth being recalled; undefined: its words decide. */
  readonly least?: number | undefined;
  /** Of a turn, by its first index and the index behind its last; undefined if it has no vector. */
  of(from: number, to: number): number | undefined;
}

/** The same for turns of several sessions. */
export interface SimilaritiesOfAll extends Omit<Similarities, "of"> {
  /** @param n the number of the session */
  of(n: number, from: number, to: number): number | undefined;
}

/** Longer than this a search does not wait for the vector of its query. */
const QUERY_TIMEOUT_MS = 300;
/** Sessions that wait for their vectors. One that finds no room gets them after its next turn. */
const MAX_WAITING = 1_000;
const MAX_TRIES = 2;
/** After so many sessions in a row it is not their turns that the embedder fails by. */
const MAX_FAILED = 3;
/** In the background, reading may take longer than in a search. */
const READ_MS = 1_000;

/** What a job leaves: nothing, more of the same, or what another process is making now. */
type Left = "nothing" | "more" | "taken";
type Job = () => Promise<Left>;
/** Names this process to the others that make vectors. */
const WORKER = crypto.randomUUID();

const isUnavailable = (error: unknown): boolean =>
  MemoryError.isInstance(error) && error.code === "unavailable";

/** Makes the vectors of one session after the other, in the background. */
class VectorQueue {
  readonly #waiting = new Map<string, Job>();
  #isWorking = false;
  /** Sessions whose vectors could not be made, since the last one of which they could. */
  #failed = 0;

  /**
   * @param job is called again if it leaves something: after the other sessions that wait, or when the lease of the
   * other process is over
   */
  add(key: string, job: Job): void {
    if (this.#waiting.size >= MAX_WAITING) return;
    this.#waiting.set(key, job);
    if (!this.#isWorking) void this.#work();
  }

  async #work(): Promise<void> {
    this.#isWorking = true;
    for (const [key, job] of this.#waiting) {
      this.#waiting.delete(key);
      const left = await this.#run(job);
      if (left === "more") this.add(key, job);
      if (left === "taken") unref(setTimeout(() => this.add(key, job), LEASE_MS));
    }
    this.#isWorking = false;
  }

  async #run(job: Job): Promise<Left> {
    for (let tries = 1; ; tries++) {
      try {
        const left = await job();
        this.#failed = 0;
        return left;
      } catch (error) {
        if (tries < MAX_TRIES) continue;
        this.#failed++;
        // The embedder or Redis is away: it would be so for the others, too. Their next turns ask again.
        if (isLate(error) || isUnavailable(error) || this.#failed >= MAX_FAILED) {
          this.#waiting.clear();
        }
        return "nothing";
      }
    }
  }
}

const queueOf = onePerClient(() => new VectorQueue());
/** Turns that can have no vector. */
const withoutOf = onePerClient(() => new RecentNames(10_000));
const vectorIndexesOf = onePerClient(() => new IndexCache<VectorIndex>());
export const termsOf = onePerClient(() => new IndexCache<TermIndex>());

/** The vectors of a client's sessions by one model: makes, stores and compares them. */
export class SessionVectors {
  readonly #embedder: Embedder;
  readonly #queue: VectorQueue;
  readonly #terms: IndexCache<TermIndex>;
  readonly #vectors: IndexCache<VectorIndex>;
  readonly #without: RecentNames;
  readonly #tag: string;

  constructor(client: object, embedder: Embedder) {
    this.#embedder = embedder;
    this.#queue = queueOf(client);
    this.#terms = termsOf(client);
    this.#vectors = vectorIndexesOf(client);
    this.#without = withoutOf(client);
    this.#tag = tagOf(embedder.model, embedder.dimensions);
  }

  /** Makes the vectors that a session lacks, in the background: nothing waits for it, and nothing fails by it. */
  schedule(session: VectorSession): void {
    if (!this.#isReady) return;
    this.#queue.add(session.key + this.#tag, async () => {
      const { isTaken, more } = await this.#make(session, WORKER);
      return isTaken ? "taken" : more ? "more" : "nothing";
    });
  }

  /**
   * Makes the vectors that a session lacks. Returns how many.
   * @throws EmbeddingError; MemoryError `unavailable`, `damaged`
   */
  async makeAll(session: VectorSession): Promise<number> {
    for (let all = 0; ; ) {
      const { stored, more } = await this.#make(session);
      all += stored;
      if (!more) return all;
    }
  }

  /** Compares a query with the turns of a session. A failure is part of what it returns. */
  async compare(session: Pick<VectorSession, "key" | "run">, query: string): Promise<Similarities> {
    const compared = await this.compareAll([await this.read(session, LIMITS)], query);
    return { ...compared, of: (from, to) => compared.of(0, from, to) };
  }

  /** Reads the vectors of a session. Undefined: the embedder is not ready, or they cannot be read. */
  async read(
    { key, run }: Pick<VectorSession, "key" | "run">,
    limits: ReadLimits,
  ): Promise<VectorIndex | undefined> {
    if (!this.#isReady) return undefined;
    try {
      const index = await readVectors(run, this.#embedder, limits, this.#vectors.get(key + this.#tag));
      this.#vectors.keep(key + this.#tag, index);
      return index;
    } catch {
      return undefined;
    }
  }

  /** Compares a query with the turns of sessions whose vectors were read. A failure is part of what it returns. */
  async compareAll(indexes: readonly (VectorIndex | undefined)[], query: string): Promise<SimilaritiesOfAll> {
    const sum = (of: "size" | "damaged") => indexes.reduce((all, index) => all + (index?.[of] ?? 0), 0);
    const [size, damaged] = [sum("size"), sum("damaged")];
    const nothing = { compared: 0, damaged, of: () => undefined };
    if (size === 0) return indexes.includes(undefined) ? { ...nothing, failed: "unavailable" } : nothing;
    try {
      const [vector] = await embedInTime(this.#embedder, [query], "query", QUERY_TIMEOUT_MS);
      const similarities = indexes.map((index) => index?.similarities(vector as Float32Array));
      const of = (n: number, from: number, to: number) =>
        similarities[n]?.[indexes[n]?.numberOf(from, to) ?? -1];
      return { compared: size, damaged, of, least: this.#embedder.minSimilarity };
    } catch (error) {
      if (!(error instanceof EmbeddingError)) throw error;
      return { ...nothing, damaged, failed: error.failure };
    }
  }

  get #isReady(): boolean {
    try {
      return this.#embedder.isReady?.() !== false;
    } catch {
      return false;
    }
  }

  async #make({ sessionId, key, run }: VectorSession, worker?: string) {
    const known = { terms: this.#terms.get(key), vectors: this.#vectors.get(key + this.#tag) };
    const limits = { ...LIMITS, maxMs: READ_MS };
    const made = await makeVectors(run, this.#embedder, limits, known, this.#without, worker);
    this.#terms.keep(key, made.terms);
    this.#vectors.keep(key + this.#tag, made.vectors);
    if (made.bytes > 0) void this.#report(sessionId, made.bytes);
    return made;
  }

  async #report(sessionId: string, bytes: number): Promise<void> {
    try {
      await this.#embedder.onStored?.(sessionId, bytes);
    } catch {
      // The vectors are stored, whatever the callback does.
    }
  }
}

/** @throws TypeError */
export function vectorsOf({
  client,
  embedder,
}: {
  readonly client: object;
  readonly embedder?: Embedder;
}): SessionVectors | undefined {
  if (embedder === undefined) return undefined;
  assertEmbedder(embedder);
  return new SessionVectors(client, embedder);
}
