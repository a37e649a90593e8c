import type { ChatRequest } from "@redis-memory-magic/protocol";
import { AppError } from "./app-error.ts";
import { historyBytes } from "./context.ts";
import type { BeginTurn, Begun, Conversations, StoredTurn, TurnInfo, TurnUpdate } from "./conversations.ts";
import type { Plan, Planner } from "./plan.ts";
import type { Deadlines } from "./relay.ts";
import { RunningTurn } from "./running-turn.ts";
import { newSessionId } from "./session-id.ts";
import type { TokenCounter } from "./token-counter.ts";
import { type FinishedTurn, storedResult, type TurnResult, toResult } from "./turn-result.ts";

export interface ChatOptions {
  readonly planner: Planner;
  readonly tokens: TokenCounter;
  readonly deadlines: Deadlines;
  /** Told of each turn that this process has run. */
  readonly onTurnEnd: (turn: FinishedTurn) => void;
  /** Told of an error that is no `AppError`: a bug. */
  readonly onUnexpected: (error: unknown, turnId: string) => void;
}

/** A turn that somebody asked for: begun now, or before, here or in another process. */
export interface AskedTurn {
  readonly turnId: string;
  readonly sessionId: string;
  readonly info: TurnInfo;
  readonly stored: boolean;
  /** Messages in the session when it was asked for. */
  readonly count: number;
  /** Length of the text so far, in UTF-16 units, as far as this process knows. */
  length(): number;
  follow(from: number, signal?: AbortSignal): AsyncIterable<TurnUpdate>;
  /** How the turn has ended, when it has. */
  result(): Promise<TurnResult>;
  /** Calls back whenever the model reasons, as far as this process can tell. */
  onThinking(listener: () => void): void;
}

/** An idempotency key, what it stands for, and the session of a request that names none. */
export interface Idempotency {
  readonly key: string;
  readonly requestHash: string;
  readonly sessionId: string;
}

const RETRY_REFUSED = {
  unknown: "The turn to retry is not in this session.",
  completed: "The turn to retry was completed: there is nothing to try again.",
  not_last: "Only a session's last turn can be retried.",
} as const;

/** What this product does: answers each turn with as much memory as it is asked to have. */
export class Chat {
  readonly #options: ChatOptions;
  readonly #running = new Map<string, RunningTurn>();
  readonly #asking = new Set<Promise<AskedTurn>>();
  #closing = false;

  constructor(options: ChatOptions) {
    this.#options = options;
  }

  /** Turns that this process runs now. */
  get running(): number {
    return this.#running.size;
  }

  /**
   * Begins a turn and has it answered, whether or not anybody waits for it.
   * @throws AppError before anything is stored or sent, with the code that says why
   */
  async ask(conversations: Conversations, body: ChatRequest, idempotency?: Idempotency): Promise<AskedTurn> {
    if (this.#closing) {
      throw new AppError("shutting_down", "The server is shutting down. Try again in a moment.", {
        retryAfter: 5,
      });
    }
    const asking = this.#ask(conversations, body, idempotency);
    this.#asking.add(asking);
    try {
      return await asking;
    } finally {
      this.#asking.delete(asking);
    }
  }

  async #ask(
    conversations: Conversations,
    body: ChatRequest,
    idempotency: Idempotency | undefined,
  ): Promise<AskedTurn> {
    const askedAt = performance.now();
    const plan = await this.#options.planner.plan(body);
    const sessionId = body.session_id ?? idempotency?.sessionId ?? newSessionId();
    const begun = await this.#begin(conversations, sessionId, body, plan, idempotency);
    switch (begun.kind) {
      case "begun":
        return this.#run(conversations, sessionId, plan, begun, askedAt);
      case "replay":
        return this.find(conversations, sessionId, begun.turnId);
      case "busy":
        throw new AppError(
          "turn_in_progress",
          "A turn is in progress in this session. Wait for it, or cancel it.",
          {
            turnId: begun.turnId,
            sessionId,
          },
        );
      case "mismatch":
        throw new AppError(
          "idempotency_mismatch",
          "This Idempotency-Key stands for another request. Use a new one.",
          {
            turnId: begun.turnId,
            sessionId,
          },
        );
      case "refused":
        throw new AppError("retry_refused", RETRY_REFUSED[begun.reason]);
    }
  }

  /** A turn as it is known, running or not, here or elsewhere. @throws AppError `turn_not_found` */
  async find(conversations: Conversations, sessionId: string, turnId: string): Promise<AskedTurn> {
    const running = this.#running.get(runningKey(conversations, sessionId, turnId));
    if (running) return running;
    const stored = await readTurn(conversations, sessionId, turnId);
    let { text } = stored;
    const turn: AskedTurn = {
      turnId,
      sessionId,
      info: stored.record.info,
      stored: true,
      count: stored.count,
      length: () => text.length,
      async *follow(from, signal) {
        const options = { from, ...(signal && { signal }) };
        for await (const update of (await conversations.follow(sessionId, turnId, options)) ?? []) {
          if (update.length > text.length && update.type === "text") {
            text += update.text.slice(text.length - update.length);
          }
          yield update;
        }
      },
      async result() {
        for await (const _ of turn.follow(text.length)) {
          // Only its end is waited for.
        }
        const ended = await conversations.turn(sessionId, turnId);
        if (ended !== null) return storedResult(sessionId, ended);
        // Its session was forgotten, which cancelled it: what is known of it is told for the last time.
        const { info } = stored.record;
        return toResult({ turnId, sessionId, status: "cancelled", text, count: 0, stored: true, info });
      },
      onThinking() {},
    };
    return turn;
  }

  /** Cancels a turn, whichever process runs it; here, the model is stopped at once. */
  async cancel(conversations: Conversations, sessionId: string, turnId: string): Promise<TurnResult> {
    const running = this.#running.get(runningKey(conversations, sessionId, turnId));
    if (running && !running.stored) {
      running.stop("cancelled");
      return running.result();
    }
    await conversations.cancel(sessionId, turnId);
    const stored = await readTurn(conversations, sessionId, turnId);
    running?.stop("cancelled");
    return storedResult(sessionId, stored);
  }

  /** Forgets a session; its running turn ends as cancelled. False: it was not there. */
  async clear(conversations: Conversations, sessionId: string): Promise<boolean> {
    const there = await conversations.clear(sessionId);
    const itsTurns = runningKey(conversations, sessionId, "");
    for (const [key, turn] of this.#running) {
      if (key.startsWith(itsTurns)) turn.stop("cancelled");
    }
    return there;
  }

  /** Waits for running turns, at most so long; then they are interrupted, with their text so far. */
  async close(graceMs: number): Promise<void> {
    this.#closing = true;
    const grace = AbortSignal.timeout(graceMs);
    const interrupt = () => {
      for (const turn of this.#running.values()) turn.stop("interrupted");
    };
    grace.addEventListener("abort", interrupt);
    // Some are just being begun: Redis has them already, or will have in a moment.
    await Promise.allSettled(this.#asking);
    if (grace.aborted) interrupt();
    await Promise.all([...this.#running.values()].map((turn) => turn.ended));
  }

  async #begin(
    conversations: Conversations,
    sessionId: string,
    body: ChatRequest,
    plan: Plan,
    idempotency: Idempotency | undefined,
  ): Promise<Begun> {
    const content = body.message ?? "";
    const options: BeginTurn = {
      ...(body.retry_of === undefined ? { content } : { retryOf: body.retry_of }),
      info: plan.info,
      title: titleOf(content),
      ...(idempotency && { idempotency }),
      ...(body.mode === "stateful" && {
        history: { maxBytes: historyBytes(plan.budget), window: String(plan.window) },
      }),
    };
    try {
      return await conversations.begin(sessionId, options);
    } catch (error) {
      // Without its memory a stateless turn can still be answered; what promises more than that cannot.
      const away = error instanceof AppError && error.code === "storage_unavailable";
      const needsMemory =
        body.mode === "stateful" || body.retry_of !== undefined || idempotency !== undefined;
      if (!away || needsMemory) throw error;
      const writer = await conversations.beginUnstored(options);
      const message = { id: writer.id, role: "user" as const, content, createdAt: new Date() };
      const found = { messages: [{ place: 0, message }], count: 0, rememberedStart: null, complete: true };
      return { kind: "begun", writer, ...found };
    }
  }

  async #run(
    conversations: Conversations,
    sessionId: string,
    plan: Plan,
    begun: Extract<Begun, { kind: "begun" }>,
    askedAt: number,
  ): Promise<AskedTurn> {
    const { writer, count } = begun;
    const { planner, onTurnEnd, ...options } = this.#options;
    const context = planner.context(plan, begun);
    const stored = count > 0;
    const turn = new RunningTurn({ ...options, askedAt, sessionId, plan, writer, context, count, stored });
    const key = runningKey(conversations, sessionId, turn.turnId);
    this.#running.set(key, turn);
    void turn.ended.then((finished) => {
      this.#running.delete(key);
      onTurnEnd(finished);
    });
    return turn;
  }
}

// No part can hold a control character, so none can reach into the next.
const runningKey = ({ owner }: Conversations, sessionId: string, turnId: string): string =>
  `${owner}\n${sessionId}\n${turnId}`;

/** A session's first words are its title, until somebody gives it another. */
const titleOf = (message: string): string =>
  [...(message.trim().split("\n", 1)[0] ?? "")].slice(0, 80).join("");

async function readTurn(
  conversations: Conversations,
  sessionId: string,
  turnId: string,
): Promise<StoredTurn> {
  const turn = await conversations.turn(sessionId, turnId);
  if (turn === null) throw new AppError("turn_not_found", "There is no such turn in this session.");
  return turn;
}
