import { type SearchOptions, type SearchResult, searchSession } from "./search-session.ts";
import { type SearchedSession, type SessionsSearchResult, searchSessions } from "./search-sessions.ts";
import { type ReadLimits, type Run, readTerms, type StoredTerms, storeMissing } from "./stored-terms.ts";
import { type TermCache, termsOfClient } from "./term-index.ts";

/** Searches sessions, keeps the terms that it has read, and stores those that Redis lacks. */
export class SessionSearch {
  /** Shared by all histories of a client: a server has one for each owner. */
  readonly #terms: TermCache;
  /** Keys of sessions whose missing terms are being stored. */
  readonly #storing = new Set<string>();

  constructor(client: object) {
    this.#terms = termsOfClient(client);
  }

  /** @param key the session's key of terms */
  async turns(key: string, run: Run, query: string, options: SearchOptions): Promise<SearchResult> {
    const { missing, known, ...result } = await searchSession(run, query, options, this.#terms.get(key));
    this.#keep(key, run, { missing, known });
    return result;
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
    return searchSessions(sessions, query, options, read);
  }

  #keep(key: string, run: Run, { missing, known }: Pick<StoredTerms, "missing" | "known">): void {
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
