import type { RunScript } from "../redis/script-runner.ts";
import type { IndexCache } from "./index-cache.ts";
import { assertSearch, type SearchOptions, type SearchResult, searchSession } from "./search-session.ts";
import { type SearchedSession, type SessionsSearchResult, searchSessions } from "./search-sessions.ts";
import { countsOf, type SessionVectors, termsOf, type VectorSession } from "./session-vectors.ts";
import { type ReadLimits, readTerms, type StoredTerms, storeMissing } from "./stored-terms.ts";
import type { TermIndex } from "./term-index.ts";

/** Searches sessions, keeps the terms that it has read, and stores those that Redis lacks. */
export class SessionSearch {
  /** Shared by all histories of a client: a server has one for each owner. */
  readonly #terms: IndexCache<TermIndex>;
  readonly #vectors: SessionVectors | undefined;
  /** Keys of sessions whose missing terms are being stored. */
  readonly #storing = new Set<string>();

  constructor(client: object, vectors: SessionVectors | undefined) {
    this.#terms = termsOf(client);
    this.#vectors = vectors;
  }

  async turns(session: VectorSession, query: string, options: SearchOptions): Promise<SearchResult> {
    const { key, run } = session;
    assertSearch(query, options);
    const similarities = await this.#vectors?.compare(session, query);
    const found = await searchSession(run, query, options, this.#terms.get(key), { similarities });
    const { missing, known, turns, ...result } = found;
    this.#keep(key, run, { missing, known });
    if (similarities === undefined) return result;
    const vectors = countsOf(similarities);
    // Of a session that was written without them.
    if (vectors.failed === undefined && vectors.compared < turns) this.#vectors?.schedule(session);
    return { ...result, vectors };
  }

  /** Finds turns of several sessions at once. */
  turnsOf(
    sessions: readonly SearchedSession[],
    query: string,
    options: SearchOptions,
  ): Promise<SessionsSearchResult> {
    const read = async ({ key, run, before = "" }: SearchedSession, limits: ReadLimits) => {
      const stored = await readTerms(run, before, limits, this.#terms.get(key));
      this.#keep(key, run, stored);
      return stored;
    };
    return searchSessions(sessions, query, options, { readTerms: read, vectors: this.#vectors });
  }

  #keep(key: string, run: RunScript, { missing, known }: Pick<StoredTerms, "missing" | "known">): void {
    this.#terms.keep(key, known);
    if (missing === null || this.#storing.has(key)) return;
    this.#storing.add(key);
    storeMissing(run, missing.epoch, missing.from, missing.to)
      .catch(() => {
        // The next search goes on.
      })
      .finally(() => this.#storing.delete(key));
  }
}
