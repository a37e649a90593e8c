import type { SearchHit, SearchOptions, SessionInfo } from "@redis-memory-magic/memory";
import type { SessionStore } from "./session-store.ts";

/** A turn that a search has found. */
export interface FoundTurn extends SearchHit {
  /** The session that it is in; absent: the turn's own. */
  readonly session?: Pick<SessionInfo, "id" | "title">;
}

export interface FoundTurns {
  readonly searched: number;
  readonly total: number;
  readonly matched: number;
  /** Other sessions that were searched; absent: none was to be. */
  readonly sessions?: number;
  /** Best first. */
  readonly hits: readonly FoundTurn[];
}

/** Searches what a turn can recall. */
export type Search = (query: string, options: SearchOptions) => Promise<FoundTurns>;

/** What a turn can recall from: its session, and the owner's others if it is to. Undefined: from nothing. */
export function searchOf(
  sessions: SessionStore,
  sessionId: string | undefined,
  withOthers: boolean,
): Search | undefined {
  if (withOthers) return searchOfAll(sessions, sessionId);
  if (sessionId === undefined) return undefined;
  return (query, options) => sessions.search(sessionId, query, options);
}

/** Other sessions, last used first. */
const MAX_SESSIONS = 50;

/** Searches the session of a turn, if it has one, and the owner's other sessions, as if they were one. */
const searchOfAll =
  (sessions: SessionStore, sessionId: string | undefined): Search =>
  async (query, { before, ...options }) => {
    const others = await otherSessions(sessions, sessionId);
    const own = sessionId === undefined ? [] : [{ sessionId, before }];
    const {
      hits,
      sessions: searchedSessions,
      ...figures
    } = await sessions.searchSessions(
      [...own, ...others.keys().map((id) => ({ sessionId: id }))],
      query,
      options,
    );
    return {
      ...figures,
      sessions: searchedSessions.filter((id) => others.has(id)).length,
      hits: hits.map((hit) => {
        const session = others.get(hit.sessionId);
        return session === undefined ? hit : { ...hit, session };
      }),
    };
  };

/** Without the forks of the session, and what it is a fork of: these have the messages that its window has. */
async function otherSessions(
  sessions: SessionStore,
  sessionId: string | undefined,
): Promise<ReadonlyMap<string, SessionInfo>> {
  const page = await sessions.list(MAX_SESSIONS + 1, undefined);
  const own =
    page.sessions.find(({ id }) => id === sessionId) ??
    (sessionId === undefined ? null : await sessions.get(sessionId));
  const root = own?.rootId ?? sessionId;
  const others = page.sessions.filter(({ id, rootId }) => id !== sessionId && (rootId ?? id) !== root);
  return new Map(others.slice(0, MAX_SESSIONS).map((session) => [session.id, session]));
}
