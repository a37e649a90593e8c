import { fetchMessages } from "../../api/endpoints.ts";
import type { Store } from "../../ui/store.ts";
import { pause } from "../stream/follow-turn.ts";
import type { ConversationState } from "./conversation-state.ts";
import { mergeNewest, prependPage } from "./shown-message.ts";

const PAGE = 100;
/** After a turn only its own messages are news. */
const NEWS = 20;
/** Pauses before it is asked again, for as long as nobody can tell. */
const CATCH_UP_MS = [1000, 2000, 4000, 8000, 16_000];

/** What Redis has of a session, brought into what the page shows. */
export class StoredMessages {
  readonly #sessionId: string;
  readonly #store: Store<ConversationState>;

  constructor(sessionId: string, store: Store<ConversationState>) {
    this.#sessionId = sessionId;
    this.#store = store;
  }

  /** The newest page. @throws ApiError */
  async load(signal: AbortSignal): Promise<void> {
    const page = await fetchMessages(this.#sessionId, { limit: PAGE, signal });
    this.#store.update({ load: "ready", ...mergeNewest(this.#store.get(), page) });
  }

  async loadOlder(signal: AbortSignal): Promise<void> {
    const { olderBefore } = this.#store.get();
    if (olderBefore === null) return;
    // Taken first: scrolling on does not ask twice.
    this.#store.update({ olderBefore: null });
    try {
      const page = await fetchMessages(this.#sessionId, { limit: PAGE, before: olderBefore, signal });
      const messages = prependPage(this.#store.get().messages, page);
      this.#store.update({ messages, olderBefore: page.next_before });
    } catch {
      this.#store.update({ olderBefore });
    }
  }

  /** False: Redis or the server is away. What the stream said stays on the page; the next turn asks again. */
  async refresh(signal: AbortSignal): Promise<boolean> {
    try {
      const page = await fetchMessages(this.#sessionId, { limit: NEWS, signal });
      this.#store.update(mergeNewest(this.#store.get(), page));
      return true;
    } catch {
      return false;
    }
  }

  /**
   * Of an interrupted answer Redis can have more than anybody was told, and be away just now: asks until it can tell.
   * False: nobody could, or another answer has begun. @throws `signal.reason` when aborted
   */
  async catchUp(signal: AbortSignal): Promise<boolean> {
    for (const ms of CATCH_UP_MS) {
      await pause(ms, signal);
      if (this.#store.get().live !== null) return false;
      if (await this.refresh(signal)) return true;
    }
    return false;
  }
}
