import { ApiError } from "../../api/api-error.ts";
import { fetchItems } from "../../api/endpoints.ts";
import type { Store } from "../../ui/store.ts";
import { pause } from "../stream/follow-turn.ts";
import type { ConversationState } from "./conversation-state.ts";
import { explainGone, hasPassed, isGone } from "./expiry.ts";
import { type MessagePage, toMessages } from "./message-page.ts";
import { mergeNewest, prependPage } from "./shown-message.ts";

const NO_MESSAGES: MessagePage = { messages: [], next_before: null };
const PAGE = 100;
/** Page size after a turn, which adds only a few messages. */
const NEWS = 20;
/** Pauses between attempts while Redis cannot be reached. */
const CATCH_UP_MS = [1000, 2000, 4000, 8000, 16_000];

/** Loads a session's messages from Redis into the page's state. */
export class StoredMessages {
  readonly #sessionId: string;
  readonly #store: Store<ConversationState>;
  /** ISO time at which Redis deletes the session, as last heard; null while that is unknown. */
  expiresAt: string | null = null;
  /** Requests for the newest messages so far. */
  #requests = 0;

  constructor(sessionId: string, store: Store<ConversationState>) {
    this.#sessionId = sessionId;
    this.#store = store;
  }

  /** Loads the newest page. @throws ApiError */
  async load(signal: AbortSignal): Promise<void> {
    await this.#mergeNewest(PAGE, signal);
  }

  async loadOlder(signal: AbortSignal): Promise<void> {
    const { olderBefore } = this.#store.get();
    if (olderBefore === null) return;
    // Cleared first, so that further scrolling does not load the page twice.
    this.#store.update({ olderBefore: null });
    try {
      const page = toMessages(
        await fetchItems(this.#sessionId, { limit: PAGE, before: olderBefore, signal }),
      );
      const messages = prependPage(this.#store.get().messages, page);
      this.#store.update({ messages, olderBefore: page.next_before });
    } catch {
      this.#store.update({ olderBefore });
    }
  }

  /** Returns false if Redis or the server cannot be reached. The streamed text stays; the next turn refreshes again. */
  async refresh(signal: AbortSignal): Promise<boolean> {
    try {
      await this.#mergeNewest(NEWS, signal);
      return true;
    } catch {
      return false;
    }
  }

  /** What is on its way is ignored: the page has changed what Redis had when it was asked. */
  ignorePending(): void {
    this.#requests += 1;
  }

  async #mergeNewest(limit: number, signal: AbortSignal): Promise<void> {
    this.#requests += 1;
    const request = this.#requests;
    const page = await this.#fetch(limit, signal);
    // An answer that a later request has overtaken lacks what happened between them.
    if (request === this.#requests) this.#merge(page);
  }

  /** Returns the newest page, which is empty for a session that Redis does not have. */
  async #fetch(limit: number, signal: AbortSignal): Promise<MessagePage> {
    try {
      return toMessages(await fetchItems(this.#sessionId, { limit, signal }));
    } catch (error) {
      if (error instanceof ApiError && error.code === "session_not_found") return NO_MESSAGES;
      throw error;
    }
  }

  #merge(page: MessagePage): void {
    // It was extended elsewhere: that expiry is outdated.
    if (page.messages.length > 0 && hasPassed(this.expiresAt)) this.expiresAt = null;
    const before = this.#store.get();
    const merged = mergeNewest(before, page, before.live);
    const isNew = merged.messages.filter(isGone).length > before.messages.filter(isGone).length;
    this.#store.update({ ...merged, ...(isNew && { gone: explainGone(this.expiresAt) }) });
  }

  /**
   * Redis can have more of an interrupted answer than was streamed, and be unreachable: asks until it answers.
   * Returns false if it never answered, or if another turn has started. @throws `signal.reason` when aborted
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
