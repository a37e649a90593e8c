import type { SessionSettingsPatch, Turn } from "@redis-memory-magic/protocol";
import { ApiError, asApiError } from "../../api/api-error.ts";
import { cancelTurn, clearSession, fetchSession, fetchTurn, importSession } from "../../api/endpoints.ts";
import { onNextFrame } from "../../ui/next-frame.ts";
import { Store } from "../../ui/store.ts";
import { beginTurn, type ConnectTurn, resumeTurn } from "../stream/connect-turn.ts";
import { followTurn } from "../stream/follow-turn.ts";
import { type LiveTurn, newLiveTurn } from "../stream/live-turn.ts";
import { type MessageAttachment, toRequest } from "./attachment.ts";
import { type Choice, chatBody, settingsOf } from "./choice.ts";
import {
  type ConversationState,
  emptyConversation,
  type Outcome,
  type WaitingMessage,
  withLiveTurn,
} from "./conversation-state.ts";
import { isGone } from "./expiry.ts";
import { notRecalledIn, recallAll } from "./not-recalled.ts";
import { Outbox } from "./outbox.ts";
import { randomBase36 } from "./session-id.ts";
import { messageOnItsWay, type ShownMessage } from "./shown-message.ts";
import { StoredMessages } from "./stored-messages.ts";
import { StoredSettings } from "./stored-settings.ts";
import { countLost, toImport, withKnownImages } from "./to-import.ts";

/** A turn that this page follows: its choice, and the key of the message that it answers. */
interface Running {
  readonly choice: Choice;
  readonly key: string;
  readonly connect: ConnectTurn;
}

/**
 * One session: its stored messages, the running turn and the queue. React renders its state; everything that can
 * happen to a conversation is a method.
 */
export class Conversation {
  readonly sessionId: string;
  readonly store: Store<ConversationState>;
  readonly #stored: StoredMessages;
  readonly #settings: StoredSettings;
  readonly #outbox: Outbox;
  #open = new AbortController();

  constructor(sessionId: string) {
    this.sessionId = sessionId;
    this.store = new Store(emptyConversation(sessionId), onNextFrame);
    this.#outbox = new Outbox(sessionId);
    this.#stored = new StoredMessages(sessionId, this.store);
    this.#settings = new StoredSettings(sessionId, this.store);
  }

  get #state(): ConversationState {
    return this.store.get();
  }

  /** Queues the messages that were not sent before a reload, and shows the refused ones. */
  restoreQueue(): void {
    const unsent = this.#outbox.restore();
    this.store.update({
      waiting: unsent.filter(({ refusal }) => refusal === undefined),
      messages: unsent.flatMap(refusedMessage),
    });
  }

  /** True if there is a request or a message that the server has not accepted. */
  get hasUnsent(): boolean {
    return !this.#outbox.isEmpty || this.#state.live?.turnId === null;
  }

  /** Loads the newest messages and follows a running turn. */
  async load(): Promise<void> {
    const signal = this.#reopen();
    this.store.update({ load: "loading", live: null, reconnecting: false, stopping: false });
    try {
      await this.#stored.load(signal);
      await this.#settings.load(signal);
      this.store.update({ load: "ready" });
      if (!this.#sendAgain()) await this.#followLast(signal);
    } catch (error) {
      if (!signal.aborted) this.store.update({ load: asApiError(error) });
    }
  }

  /** Stops following the conversation. A running turn continues on the server. */
  close(): void {
    this.#open.abort();
    this.store.update({ live: null });
  }

  get isClosed(): boolean {
    return this.#open.signal.aborted;
  }

  /** Looks for messages that another tab or device has added. */
  async refresh(): Promise<void> {
    const { live, load } = this.#state;
    if (live !== null || load === "loading") return;
    if (load !== "ready") return this.load();
    const { signal } = this.#open;
    await this.#stored.refresh(signal);
    if (!signal.aborted && this.#state.live === null) await this.#followLast(signal).catch(() => {});
    await this.#settings.load(signal).catch(() => {});
  }

  async loadOlder(): Promise<void> {
    await this.#stored.loadOlder(this.#open.signal);
  }

  /** Changes how the session is answered; null: as for a new one. */
  changeSettings(patch: SessionSettingsPatch): void {
    this.#settings.change(patch);
  }

  /** Sends a message, or queues it while an answer runs. Without a choice it is queued until `sendEarly`. */
  send(text: string, choice: Choice | null, attachments: readonly MessageAttachment[] = []): void {
    const key = randomBase36(20);
    const { live, waiting } = this.#state;
    if (choice !== null) this.#settings.note(settingsOf(choice));
    const message = { key, text, attachments };
    if (live === null && choice !== null) {
      this.#post(message, choice);
      return;
    }
    this.#outbox.put({ ...message, choice });
    this.store.update({ waiting: [...waiting, { ...message, choice }] });
  }

  /** Sends what was queued before the page was ready. */
  sendEarly(choice: Choice): void {
    const { waiting } = this.#state;
    if (!waiting.some((message) => message.choice === null)) return;
    this.#settings.note(settingsOf(choice));
    const chosen = waiting.map((message) => ({ ...message, choice: message.choice ?? choice }));
    for (const message of chosen) this.#outbox.put(message);
    this.store.update({ waiting: chosen });
    this.sendWaiting();
  }

  /** Sends a refused message again: the same request if it may have arrived, else with the current choice. */
  resend(message: ShownMessage, choice: Choice): void {
    if (this.#state.live !== null || message.refusal === null) return;
    const { notRecalled } = this.#outbox.get(message.key) ?? {};
    this.discard(message.key);
    const { error, choice: before } = message.refusal;
    const { content: text, attachments } = message;
    const again = { text, attachments, notRecalled };
    if (error.isUnanswered && before !== null) this.#post({ ...again, key: message.key }, before);
    else this.#post({ ...again, key: randomBase36(20) }, choice);
  }

  /** Removes a refused or queued message. */
  discard(key: string): void {
    const { messages, waiting } = this.#state;
    this.#outbox.remove(key);
    this.store.update({
      messages: messages.filter((message) => message.key !== key),
      waiting: waiting.filter((message) => message.key !== key),
    });
  }

  /** Returns the message that a turn answers. */
  questionOf(turnId: string): ShownMessage | undefined {
    return this.#state.messages.findLast(({ role, turn }) => role === "user" && turn?.id === turnId);
  }

  /** Runs the last turn, which did not complete, again. */
  retry(choice: Choice): void {
    const { outcome, live, messages } = this.#state;
    if (outcome === null || live !== null) return;
    const { turnId } = outcome;
    const question = this.questionOf(turnId);
    if (question === undefined) return;
    // The answer that is replaced may be on its way from Redis.
    this.#stored.ignorePending();
    this.store.update({ messages: messages.filter((it) => it === question || it.turn?.id !== turnId) });
    const body = chatBody(this.sessionId, choice, { retry_of: turnId });
    const connect = beginTurn(body, randomBase36(20));
    void this.#run(newLiveTurn(this.sessionId), { choice, key: question.key, connect });
  }

  /** Cancels the running turn; its text so far is kept. @throws ApiError if the server refused. */
  async stop(): Promise<void> {
    const { live, stopping } = this.#state;
    if (live === null || stopping) return;
    this.store.update({ stopping: true });
    // A turn that has no id yet is cancelled once it has one.
    if (live.turnId !== null) await this.#cancel(live.turnId);
  }

  /** Sends the next queued message, also if the turn before it failed. */
  sendWaiting(): void {
    const [next, ...waiting] = this.#state.waiting;
    if (next === undefined || next.choice === null || this.#state.live !== null) return;
    this.store.update({ waiting });
    this.#post(next, next.choice);
  }

  /** Clears the session, here and in Redis. @throws ApiError if the server refused. */
  async clear(): Promise<void> {
    await clearSession(this.sessionId);
    this.#reopen();
    this.#outbox.clear();
    const { settings } = this.#state;
    this.store.update({ ...emptyConversation(this.sessionId), settings, isCleared: true });
  }

  /** Tells when Redis will delete the session, to explain it when it has. */
  setExpiry(expiresAt: string): void {
    this.#stored.expiresAt = expiresAt;
  }

  /** Stores the messages again that Redis no longer has. Resolves with how many attachments are lost. @throws ApiError */
  async putBack(): Promise<number> {
    const { messages, live } = this.#state;
    const gone = messages.filter(isGone);
    if (gone.length === 0 || live !== null) return 0;
    const whole = await Promise.all(gone.map((message) => withKnownImages(this.sessionId, message)));
    await importSession({ messages: whole.map(toImport) }, this.sessionId);
    this.store.update({ messages: messages.filter((message) => !isGone(message)), gone: null });
    await this.load();
    return whole.reduce((sum, message) => sum + countLost(message), 0);
  }

  #reopen(): AbortSignal {
    this.close();
    this.#open = new AbortController();
    return this.#open.signal;
  }

  #post(message: Omit<WaitingMessage, "choice">, choice: Choice): void {
    const { key, text, attachments, notRecalled = notRecalledIn(this.sessionId) } = message;
    this.#outbox.put({ key, text, attachments, choice, notRecalled, isSent: true });
    const others = withoutMessage(this.#state.messages, key);
    this.store.update({ messages: [...others, messageOnItsWay(key, text, attachments)] });
    const carried = attachments.length > 0 && { attachments: toRequest(attachments) };
    const body = chatBody(this.sessionId, choice, { message: text, ...carried }, notRecalled);
    // A repeated request has its own.
    if (message.notRecalled === undefined) recallAll();
    void this.#run(newLiveTurn(this.sessionId), { choice, key, connect: beginTurn(body, key) });
  }

  /** Repeats the request that was on its way when this was loaded. With its key the server answers it once. */
  #sendAgain(): boolean {
    const { sent } = this.#outbox;
    if (!sent || sent.choice === null) return false;
    this.store.update({ waiting: this.#state.waiting.filter(({ key }) => key !== sent.key) });
    this.#post(sent, sent.choice);
    return true;
  }

  /** Follows the last turn if it is running, else shows how it ended. */
  async #followLast(signal: AbortSignal): Promise<void> {
    const last = this.#state.messages.findLast(({ delivery }) => delivery === "stored");
    const turn = last?.turn;
    const question = turn && this.questionOf(turn.id);
    if (turn === undefined || question === undefined) return;
    if (turn.status === "running") return this.#resume(turn.id, turn, question);
    const retry = last === question ? await this.#runningTurn(signal) : undefined;
    // A message may have been sent meanwhile.
    if (this.#state.live !== null) return;
    if (retry !== undefined) return this.#resume(retry.turn_id, retry, question);
    if (turn.status === "completed") return this.#setOutcome(null);
    const { status } = turn;
    const record = await fetchTurn(this.sessionId, turn.id, signal).catch(() => {
      signal.throwIfAborted();
      // That it did not complete is known without its record.
      return undefined;
    });
    if (this.#state.live !== null) return;
    this.#setOutcome({ turnId: turn.id, status, code: record?.code, detail: record?.detail });
  }

  /** The session's running turn. Redis has a question with its first turn, so a retry is not among its items. */
  async #runningTurn(signal: AbortSignal): Promise<Turn | undefined> {
    try {
      const { running_turn_id: id } = await fetchSession(this.sessionId, signal);
      return id === null ? undefined : await fetchTurn(this.sessionId, id, signal);
    } catch {
      signal.throwIfAborted();
      return undefined;
    }
  }

  #resume(turnId: string, choice: Choice, { key }: ShownMessage): void {
    void this.#run(newLiveTurn(this.sessionId, turnId), { choice, key, connect: resumeTurn });
  }

  /** Follows a turn to its end, then loads what Redis has of it and sends the next queued message. */
  async #run(turn: LiveTurn, running: Running): Promise<void> {
    const { signal } = this.#open;
    let latest = turn;
    this.#setOutcome(null);
    this.#show(latest, running, false);
    try {
      for await (const update of followTurn(turn, { connect: running.connect, signal })) {
        const isNew = latest.turnId === null && update.turn.turnId !== null;
        latest = update.turn;
        if (isNew) this.#adopt(latest, running);
        this.#show(latest, running, update.reconnecting);
        if (isNew) void this.#settings.save();
        if (isNew && this.#state.stopping) this.#cancel(latest.turnId ?? "").catch(() => {});
      }
    } catch (error) {
      if (signal.aborted) return;
      if (latest.turnId === null) await this.#refuse(asApiError(error), running);
      else this.store.update({ live: null, load: asApiError(error) });
      return;
    }
    await this.#settle(latest, signal);
  }

  /** The server has accepted the message. Its turn may be stored and shown already, if the request is a repeated one. */
  #adopt({ turnId }: LiveTurn, { key }: Running): void {
    this.#outbox.remove(key);
    const messages = this.#state.messages.filter(
      (message) => message.key === key || message.key === `${key}:answer` || message.turn?.id !== turnId,
    );
    this.store.update({ messages });
  }

  #show(turn: LiveTurn, { choice, key }: Running, reconnecting: boolean): void {
    const messages = withLiveTurn(this.#state.messages, { turn, choice, key });
    this.store.update({ live: turn, reconnecting, messages });
  }

  async #settle({ turnId, end, stored }: LiveTurn, signal: AbortSignal): Promise<void> {
    if (turnId === null || end === null) return;
    const isCompleted = end.status === "completed";
    this.store.update({ live: null, stopping: false });
    this.#setOutcome(isCompleted ? null : { ...end, turnId });
    if (stored) await this.#stored.refresh(signal);
    if (end.status === "interrupted") this.#catchUp(signal).catch(() => {});
    // The queue continues after a stop; after a failure the user decides.
    if (!signal.aborted && (isCompleted || end.status === "cancelled")) this.sendWaiting();
  }

  async #catchUp(signal: AbortSignal): Promise<void> {
    if (await this.#stored.catchUp(signal)) await this.#followLast(signal);
  }

  /** Keeps a message that the server refused on the page, with the reason, so that it can be sent again. */
  async #refuse(error: ApiError, { choice, key }: Running): Promise<void> {
    const { messages, waiting } = this.#state;
    const question = messages.find((message) => message.key === key);
    const { isSent: _, ...unsent } = this.#outbox.get(key) ?? {};
    const others = withoutMessage(messages, key);
    const idle = { live: null, stopping: false, reconnecting: false };
    if (error.code === "turn_in_progress" && "text" in unsent) {
      // Another tab was first: show its answer and queue this message.
      this.#outbox.put(unsent);
      this.store.update({ ...idle, messages: others, waiting: [unsent, ...waiting] });
      await this.load();
    } else if (question?.turn !== undefined) {
      // A retry of a stored turn: the turn stays as it was.
      await this.#stored.refresh(this.#open.signal);
      const { code, message: detail } = error;
      this.store.update(idle);
      this.#setOutcome({ turnId: question.turn.id, status: "failed", code, detail });
    } else if (question !== undefined) {
      const { code, message, status } = error;
      if ("text" in unsent) this.#outbox.put({ ...unsent, refusal: { code, message, status } });
      const refused: ShownMessage = { ...question, delivery: "refused", refusal: { error, choice } };
      this.store.update({ ...idle, messages: [...others, refused] });
    }
  }

  /** Remembers how the last turn ended. The outcome before it stays known, for its row. */
  #setOutcome(outcome: Outcome | null): void {
    const { outcome: before, pastOutcomes } = this.#state;
    const isPast = before !== null && before.turnId !== outcome?.turnId;
    this.store.update({
      outcome,
      ...(isPast && { pastOutcomes: new Map(pastOutcomes).set(before.turnId, before) }),
    });
  }

  async #cancel(turnId: string): Promise<void> {
    try {
      await cancelTurn(this.sessionId, turnId);
    } catch (error) {
      this.store.update({ stopping: false });
      throw error;
    }
  }
}

/** Returns the messages without one and its answer. */
const withoutMessage = (messages: readonly ShownMessage[], key: string): ShownMessage[] =>
  messages.filter((message) => message.key !== key && message.key !== `${key}:answer`);

/** Returns a message that was refused before a reload as it was shown then. */
function refusedMessage({ key, text, attachments, choice, refusal }: WaitingMessage): ShownMessage[] {
  if (refusal === undefined) return [];
  const error = new ApiError(refusal.code, refusal.message, refusal.status);
  return [{ ...messageOnItsWay(key, text, attachments), delivery: "refused", refusal: { error, choice } }];
}
