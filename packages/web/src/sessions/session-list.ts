import type { Session } from "@redis-memory-magic/protocol";
import { ApiError, asApiError } from "../api/api-error.ts";
import { deleteSession, fetchSession, fetchSessions, patchSession } from "../api/endpoints.ts";
import { Store } from "../ui/store.ts";

const PAGE = 50;
const LATER_PAGE = 200;
/** A search looks through all that is loaded, and branches are found among it. */
const MAX_LOADED = 1_000;

export interface SessionListState {
  readonly load: "loading" | "ready" | ApiError;
  /** Last used first. */
  readonly sessions: readonly Session[];
  readonly nextCursor: string | null;
  /** Deleted here, and deleted on the server when it can no longer be undone. */
  readonly leaving: ReadonlySet<string>;
}

/** The owner's sessions as this page knows them. */
export class SessionList {
  readonly store = new Store<SessionListState>({
    load: "loading",
    sessions: [],
    nextCursor: null,
    leaving: new Set(),
  });

  get #state(): SessionListState {
    return this.store.get();
  }

  /** Asks for the newest page, and for the session that is open (null: none that exists) if it is not on it. */
  async refresh(openId: string | null): Promise<void> {
    try {
      const { sessions, next_cursor } = await fetchSessions(PAGE, null);
      const isListed = openId === null || sessions.some(({ id }) => id === openId);
      const open = isListed ? null : await this.#find(openId);
      // Pages after the first stay: they are older than anything that is new.
      const oldest = sessions.at(-1)?.updated_at ?? "";
      const known = new Set(sessions.map(({ id }) => id));
      const later = this.#state.sessions.filter(
        ({ id, updated_at }) =>
          next_cursor !== null && updated_at < oldest && !known.has(id) && id !== openId,
      );
      this.store.update({
        load: "ready",
        sessions: [...sessions, ...later, ...(open === null ? [] : [open])],
        nextCursor: later.length > 0 ? this.#state.nextCursor : next_cursor,
      });
    } catch (error) {
      this.store.update({ load: asApiError(error) });
    }
  }

  async loadMore(): Promise<void> {
    const { nextCursor, sessions } = this.#state;
    if (nextCursor === null) return;
    try {
      const page = await fetchSessions(LATER_PAGE, nextCursor);
      const known = new Set(sessions.map(({ id }) => id));
      const more = page.sessions.filter(({ id }) => !known.has(id));
      this.store.update({ sessions: [...this.#state.sessions, ...more], nextCursor: page.next_cursor });
    } catch (error) {
      this.store.update({ load: asApiError(error) });
    }
  }

  /** Loads what a search is to look through, and the branches of the session that is open. */
  async loadAll(): Promise<void> {
    while (this.#state.nextCursor !== null && this.#state.sessions.length < MAX_LOADED) {
      const before = this.#state.nextCursor;
      await this.loadMore();
      if (this.#state.nextCursor === before) return;
    }
  }

  /** @throws ApiError */
  async rename(id: string, title: string): Promise<void> {
    this.#replace(await patchSession(id, { title: title === "" ? null : title }));
  }

  /** Gives the session a life of so many seconds after each use, from now on. @throws ApiError */
  async extend(id: string, ttlSeconds: number): Promise<void> {
    this.#replace(await patchSession(id, { ttl_seconds: ttlSeconds }));
  }

  /** Takes a session off the list. It is deleted for good by `finishRemoval`, or comes back by `undoRemoval`. */
  startRemoval(id: string): void {
    this.store.update({ leaving: new Set([...this.#state.leaving, id]) });
  }

  undoRemoval(id: string): void {
    this.store.update({ leaving: without(this.#state.leaving, id) });
  }

  /** @throws ApiError; the session is then on the list again. */
  async finishRemoval(id: string): Promise<void> {
    if (!this.#state.leaving.has(id)) return;
    try {
      await deleteSession(id);
      this.store.update({ sessions: this.#state.sessions.filter((session) => session.id !== id) });
    } finally {
      this.undoRemoval(id);
    }
  }

  #replace(session: Session): void {
    const sessions = this.#state.sessions.map((known) => (known.id === session.id ? session : known));
    this.store.update({ sessions });
  }

  async #find(id: string): Promise<Session | null> {
    try {
      return await fetchSession(id);
    } catch (error) {
      // Not used yet, or expired.
      if (error instanceof ApiError && error.status === 404) return null;
      throw error;
    }
  }
}

function without(ids: ReadonlySet<string>, id: string): ReadonlySet<string> {
  return new Set([...ids].filter((other) => other !== id));
}
