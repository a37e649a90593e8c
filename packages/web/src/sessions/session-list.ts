import type { Session } from "@redis-memory-magic/protocol";
import { ApiError, asApiError } from "../api/api-error.ts";
import { deleteSession, fetchSession, fetchSessions, patchSession } from "../api/endpoints.ts";
import { forgetUnsent } from "../chat/state/use-conversation.ts";
import { announceChange } from "../chat/state/use-other-tabs.ts";
import { Store } from "../ui/store.ts";

const PAGE = 50;
const LATER_PAGE = 200;
/** Search and branches use the loaded sessions, so all are loaded up to this number. */
const MAX_LOADED = 1_000;

export interface SessionListState {
  readonly load: "loading" | "ready" | ApiError;
  /** Last used first. */
  readonly sessions: readonly Session[];
  readonly nextCursor: string | null;
  /** Sessions that are hidden here and are deleted on the server once undo is no longer offered. */
  readonly removing: ReadonlySet<string>;
}

/** The owner's sessions. */
export class SessionList {
  readonly store = new Store<SessionListState>({
    load: "loading",
    sessions: [],
    nextCursor: null,
    removing: new Set(),
  });

  /** Counts what makes a list outdated that is on its way: a newer request, and a deletion. */
  #revision = 0;

  get #state(): SessionListState {
    return this.store.get();
  }

  /** Loads the newest page, and the open session (null: it does not exist yet) if it is not on that page. */
  async refresh(openId: string | null): Promise<void> {
    this.#revision += 1;
    const revision = this.#revision;
    try {
      const { sessions, next_cursor } = await fetchSessions(PAGE, null);
      const isListed = openId === null || sessions.some(({ id }) => id === openId);
      const open = isListed ? null : await this.#find(openId);
      if (revision !== this.#revision) return;
      // Later pages are kept: no session of theirs is newer than those of this one.
      const oldest = sessions.at(-1)?.updated_at ?? "";
      const known = new Set(sessions.map(({ id }) => id));
      const later = this.#state.sessions.filter(
        ({ id, updated_at }) =>
          next_cursor !== null && updated_at <= oldest && !known.has(id) && id !== openId,
      );
      this.store.update({
        load: "ready",
        sessions: [...sessions, ...later, ...(open === null ? [] : [open])],
        nextCursor: later.length > 0 ? this.#state.nextCursor : next_cursor,
      });
    } catch (error) {
      if (revision === this.#revision) this.store.update({ load: asApiError(error) });
    }
  }

  async loadMore(): Promise<void> {
    const { nextCursor } = this.#state;
    if (nextCursor === null) return;
    try {
      const page = await fetchSessions(LATER_PAGE, nextCursor);
      // One that was used meanwhile may have moved to the first page.
      const known = new Set(this.#state.sessions.map(({ id }) => id));
      const more = page.sessions.filter(({ id }) => !known.has(id));
      this.store.update({ sessions: [...this.#state.sessions, ...more], nextCursor: page.next_cursor });
    } catch (error) {
      this.store.update({ load: asApiError(error) });
    }
  }

  /** Loads all pages, for the search and for the branches of the open session. */
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

  /** Sets the session's TTL, renewed on each use. @throws ApiError */
  async extend(id: string, ttlSeconds: number): Promise<void> {
    this.#replace(await patchSession(id, { ttl_seconds: ttlSeconds }));
  }

  /** Hides a session. `finishRemoval` deletes it, `undoRemoval` shows it again. */
  startRemoval(id: string): void {
    this.store.update({ removing: new Set([...this.#state.removing, id]) });
  }

  undoRemoval(id: string): void {
    this.store.update({ removing: without(this.#state.removing, id) });
  }

  /** Deletes a hidden session. @throws ApiError; the session is then shown again. */
  async finishRemoval(id: string): Promise<void> {
    if (!this.#state.removing.has(id)) return;
    try {
      await deleteSession(id);
      forgetUnsent(id);
      this.#revision += 1;
      announceChange(id);
      this.store.update({ sessions: this.#state.sessions.filter((session) => session.id !== id) });
    } finally {
      this.undoRemoval(id);
    }
  }

  /** Deletes sessions at once. @throws ApiError */
  async removeAll(ids: readonly string[]): Promise<void> {
    for (const id of ids) this.startRemoval(id);
    await this.finishRemovals(ids);
  }

  /** Deletes hidden sessions. @throws ApiError; those that are left are then shown again. */
  async finishRemovals(ids: readonly string[]): Promise<void> {
    try {
      for (const id of ids) {
        await this.finishRemoval(id).catch((error) => {
          // It has expired meanwhile.
          if (!(error instanceof ApiError && error.status === 404)) throw error;
        });
      }
    } finally {
      for (const id of ids) this.undoRemoval(id);
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
