import type { SessionSettings, SessionSettingsPatch } from "@redis-memory-magic/protocol";
import { ApiError } from "../../api/api-error.ts";
import { changeSettings, fetchSettings } from "../../api/endpoints.ts";
import type { Store } from "../../ui/store.ts";
import type { ConversationState } from "./conversation-state.ts";
import { readDraft, writeDraft } from "./session-drafts.ts";
import { announceChange } from "./use-other-tabs.ts";

/** A slider gives many values in a row: only the last one is stored. */
const SAVE_AFTER_MS = 300;
const RETRY_MS = 3_000;
/** What a message may be sent without, although the session has it. */
const REMOVABLE = ["system", "context_tokens"] as const;

/**
 * How a session is answered: in Redis once the session is there. What Redis does not have yet is kept in this browser
 * and stored later.
 */
export class StoredSettings {
  readonly #sessionId: string;
  readonly #store: Store<ConversationState>;
  #stored: SessionSettings = {};
  #unsaved: SessionSettingsPatch;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;

  constructor(sessionId: string, store: Store<ConversationState>) {
    this.#sessionId = sessionId;
    this.#store = store;
    this.#unsaved = readDraft(sessionId).settings ?? {};
    this.#show();
  }

  /** Reads them from Redis, where a session without messages has none. @throws `signal.reason` when aborted */
  async load(signal: AbortSignal): Promise<void> {
    if (!this.#isInRedis()) return;
    try {
      this.#stored = await fetchSettings(this.#sessionId, signal);
    } catch {
      signal.throwIfAborted();
      // What is known here is used until Redis can be asked.
      clearTimeout(this.#retry);
      this.#retry = setTimeout(() => this.load(signal).catch(() => {}), RETRY_MS);
    }
    this.#show();
    this.#saveSoon();
  }

  change(patch: SessionSettingsPatch): void {
    this.#keep({ ...this.#unsaved, ...patch });
    this.#saveSoon();
  }

  /** Notes what a message was sent with, so that the defaults of that time stay with the session. */
  note(sent: SessionSettings): void {
    const known: SessionSettings = this.#isInRedis() ? this.#store.get().settings : {};
    const news = Object.entries(sent).filter(
      ([name, value]) => known[name as keyof SessionSettings] !== value,
    );
    const removed = REMOVABLE.filter((name) => known[name] !== undefined && sent[name] === undefined);
    const patch = Object.fromEntries([...news, ...removed.map((name) => [name, null])]);
    if (Object.keys(patch).length > 0) this.change(patch);
  }

  /** Stores what Redis does not have yet. */
  async save(): Promise<void> {
    clearTimeout(this.#timer);
    const sent = this.#unsaved;
    if (Object.keys(sent).length === 0 || !this.#isInRedis()) return;
    try {
      this.#stored = await changeSettings(this.#sessionId, sent);
      announceChange(this.#sessionId);
    } catch (error) {
      // Refused for good: it would be refused each time.
      if (!(error instanceof ApiError && error.status === 400)) return;
    }
    const newer = Object.entries(this.#unsaved).filter(
      ([name, value]) => sent[name as keyof SessionSettings] !== value,
    );
    this.#keep(Object.fromEntries(newer));
  }

  #saveSoon(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.save(), SAVE_AFTER_MS);
  }

  #keep(unsaved: SessionSettingsPatch): void {
    this.#unsaved = unsaved;
    writeDraft(this.#sessionId, { settings: Object.keys(unsaved).length === 0 ? undefined : unsaved });
    this.#show();
  }

  #show(): void {
    const all = Object.entries({ ...this.#stored, ...this.#unsaved }).filter(([, value]) => value !== null);
    this.#store.update({ settings: Object.fromEntries(all) });
  }

  #isInRedis(): boolean {
    const { messages, live } = this.#store.get();
    return (
      (live !== null && live.turnId !== null && live.stored) ||
      messages.some(({ id, delivery }) => id !== null && delivery === "stored")
    );
  }
}
