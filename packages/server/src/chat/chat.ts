import type { ChatRequest } from "@redis-memory-magic/protocol";
import { AppError } from "../errors/app-error.ts";
import { type AskedTurn, storedTurn } from "./asked-turn.ts";
import { type BegunTurn, beginTurn, type Idempotency } from "./begin-turn.ts";
import type { Conversations, StoredTurn } from "./conversations.ts";
import type { Plan, Planner } from "./plan.ts";
import type { Deadlines } from "./relay.ts";
import { RunningTurn } from "./running-turn.ts";
import { newSessionId } from "./session-id.ts";
import type { TokenCounter } from "./token-counter.ts";
import { type FinishedTurn, storedResult, type TurnResult } from "./turn-result.ts";

export interface ChatOptions {
  readonly planner: Planner;
  readonly tokens: TokenCounter;
  readonly deadlines: Deadlines;
  /** Told of each turn that this process has run. */
  readonly onTurnEnd: (turn: FinishedTurn) => void;
  /** Told of an error that is no `AppError`: a bug. */
  readonly onUnexpected: (error: unknown, turnId: string) => void;
}

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
    const begun = await beginTurn(conversations, sessionId, body, plan, idempotency);
    return begun.kind === "begun"
      ? this.#run(conversations, sessionId, plan, begun, askedAt)
      : this.find(conversations, sessionId, begun.turnId);
  }

  /** A turn as it is known, running or not, here or elsewhere. @throws AppError `turn_not_found` */
  async find(conversations: Conversations, sessionId: string, turnId: string): Promise<AskedTurn> {
    const running = this.#running.get(runningKey(conversations, sessionId, turnId));
    if (running) return running;
    return storedTurn(conversations, sessionId, await readTurn(conversations, sessionId, turnId));
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

  #run(
    conversations: Conversations,
    sessionId: string,
    plan: Plan,
    begun: BegunTurn,
    askedAt: number,
  ): AskedTurn {
    const { writer, count } = begun;
    const { planner, onTurnEnd, ...options } = this.#options;
    const context = planner.context(plan, begun);
    const stored = count > 0;
    const turn = new RunningTurn({ ...options, askedAt, sessionId, plan, writer, context, count, stored });
    const key = runningKey(conversations, sessionId, turn.turnId);
    this.#running.set(key, turn);
    turn.ended
      .then((finished) => {
        this.#running.delete(key);
        onTurnEnd(finished);
      })
      // Who only watches must not end the server.
      .catch((error) => options.onUnexpected(error, turn.turnId));
    return turn;
  }
}

// No part can hold a control character, so none can reach into the next.
const runningKey = ({ owner }: Conversations, sessionId: string, turnId: string): string =>
  `${owner}\n${sessionId}\n${turnId}`;

async function readTurn(
  conversations: Conversations,
  sessionId: string,
  turnId: string,
): Promise<StoredTurn> {
  const turn = await conversations.turn(sessionId, turnId);
  if (turn === null) throw new AppError("turn_not_found", "There is no such turn in this session.");
  return turn;
}
