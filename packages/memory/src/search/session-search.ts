import { type FoundTurns, type SearchOptions, type SearchResult, searchSession } from "./search-session.ts";
import { type SearchedSession, type SessionsSearchResult, searchSessions } from "./search-sessions.ts";
import { type ReadLimits, type Run, readTerms, storeMissing } from "./stored-terms.ts";
import { type TermCache, type TermIndex, termsOfClient } from "./term-index.ts";

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
    this.#keep(key, run, known, missing);
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
      const { index, known, missingFrom: from, end: to } = stored;
      this.#keep(key, run, known, from === null ? null : { epoch: index.epoch, from, to });
      return stored;
    };
    return searchSessions(sessions, query, options, read);
  }

  #keep(key: string, run: Run, known: TermIndex, missing: FoundTurns["missing"]): void {
    this.#terms.keep(key, known);
    if (missing !== null && !this.#storing.has(key)) {
      this.#storing.add(key);
      storeMissing(run, missing.epoch, missing.from, missing.to)
        .catch(() => {
          // The next search goes on.
        })
        .finally(() => this.#storing.delete(key));
    }
  }
}
