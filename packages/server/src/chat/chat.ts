import { AppError } from "../errors/app-error.ts";
import { ShortLived } from "../short-lived.ts";
import { type AskedTurn, readStored, storedTurn } from "./asked-turn.ts";
import { beginTurn, type Idempotency } from "./begin-turn.ts";
import type { Caller, TurnPermit } from "./caller.ts";
import type { ChatModel } from "./chat-model.ts";
import type { Context } from "./context.ts";
import { readNotes } from "./notes-block.ts";
import { type Outside, outsideOf } from "./outside.ts";
import type { Plan, Planner } from "./plan.ts";
import type { Providers } from "./providers.ts";
import type { Deadlines } from "./relay.ts";
import { RunningTurn } from "./running-turn.ts";
import { newSessionId } from "./session-id.ts";
import type { SessionStore } from "./session-store.ts";
import { hasData, storeBlobs } from "./store-blobs.ts";
import type { BegunTurn } from "./stored-session.ts";
import { SummaryWriter } from "./summary-writer.ts";
import type { TokenCounter } from "./token-counter.ts";
import { inputText, type TurnRequest } from "./turn-request.ts";
import { type FinishedTurn, storedResult, type TurnResult } from "./turn-result.ts";
import { blobLoader } from "./with-blobs.ts";

export interface ChatOptions {
  readonly providers: Providers;
  readonly planner: Planner;
  readonly tokens: TokenCounter;
  readonly deadlines: Deadlines;
  /** Called after each turn that this process has run. */
  readonly onTurnEnd: (turn: FinishedTurn) => void;
  /** Called with an error that is not an `AppError`: a bug. */
  readonly onUnexpected: (error: unknown, turnId: string) => void;
}

/** Runs turns: each is answered with the memory that its request asks for. */
export class Chat {
  readonly #options: ChatOptions;
  // No Map, which would keep ended turns: docs/decisions/0015-no-map-for-what-ends-soon.md.
  readonly #running: Record<string, RunningTurn> = Object.create(null);
  readonly #asking = new ShortLived<Promise<AskedTurn>>();
  readonly #summaries: SummaryWriter;
  #closing = false;

  constructor(options: ChatOptions) {
    this.#options = options;
    this.#summaries = new SummaryWriter({
      providers: options.providers,
      tokens: options.tokens,
      ask: (caller, request) => this.ask(caller, request),
      cancel: ({ sessions }, turn) => this.cancel(sessions, turn.sessionId, turn.turnId),
      onUnexpected: (error) => options.onUnexpected(error, "summary"),
    });
  }

  /** The number of turns that this process runs now. */
  get running(): number {
    return Object.keys(this.#running).length;
  }

  /**
   * Begins a turn. It runs to its end even if the client disconnects.
   * @throws AppError before anything is stored or sent
   */
  async ask(caller: Caller, body: TurnRequest, idempotency?: Idempotency): Promise<AskedTurn> {
    if (this.#closing) {
      throw new AppError("shutting_down", "The server is shutting down. Try again in a moment.", {
        retryAfter: 5,
      });
    }
    const asking = this.#ask(caller, body, idempotency);
    const asked = this.#asking.add(asking);
    try {
      return await asking;
    } finally {
      asked();
    }
  }

  async #ask(caller: Caller, body: TurnRequest, idempotency: Idempotency | undefined): Promise<AskedTurn> {
    const askedAt = performance.now();
    const plan = await this.#options.planner.plan(body, await readNotes(caller.sessions, body));
    const sessionId = body.session_id ?? idempotency?.sessionId ?? newSessionId();
    const { info, modelInfo } = plan;
    const { background = false } = body;
    const permit = await caller.admitTurn({
      info,
      content: inputText(body),
      price: modelInfo.price,
      background,
    });
    const begin = async () => {
      const request = { ...body, input: await storedInput(caller, sessionId, body) };
      const begun = await beginTurn(caller, sessionId, request, plan, idempotency);
      return begun.kind === "begun" ? { ...begun, context: await this.#contextOf(plan, begun) } : begun;
    };
    const begun = await begin().catch((error) => {
      permit.settle();
      throw error;
    });
    if (begun.kind === "begun") {
      const blobsOf = body.unstored ? body.unstored.from : sessionId;
      const turn = this.#run({ caller, sessionId, blobsOf, plan, permit, begun, askedAt, background });
      if (!background) this.#summaries.yieldTo(plan.model, () => this.#turnsOf(plan.model));
      return turn;
    }
    permit.settle();
    return this.find(caller.sessions, sessionId, begun.turnId);
  }

  /** A turn of any process, running or ended. @throws AppError `turn_not_found` */
  async find(sessions: SessionStore, sessionId: string, turnId: string): Promise<AskedTurn> {
    const running = this.#running[runningKey(sessions, sessionId, turnId)];
    if (running) return running;
    return storedTurn(sessions, sessionId, await readStored(sessions, sessionId, turnId));
  }

  /** Cancels a turn of any process. If this process runs it, the model is stopped at once. */
  async cancel(sessions: SessionStore, sessionId: string, turnId: string): Promise<TurnResult> {
    const running = this.#running[runningKey(sessions, sessionId, turnId)];
    if (running && !running.stored) {
      running.stop("cancelled");
      return running.result();
    }
    await sessions.cancel(sessionId, turnId);
    const stored = await readStored(sessions, sessionId, turnId);
    running?.stop("cancelled");
    return storedResult(sessionId, stored);
  }

  /** Deletes a session; its running turn ends as cancelled. False: there was no such session. */
  async clear(sessions: SessionStore, sessionId: string): Promise<boolean> {
    const there = await sessions.clear(sessionId);
    const itsTurns = runningKey(sessions, sessionId, "");
    for (const [key, turn] of Object.entries(this.#running)) {
      if (key.startsWith(itsTurns)) turn.stop("cancelled");
    }
    return there;
  }

  /** Waits for running turns until the grace period ends, then interrupts them: their text so far is kept. */
  async close(graceMs: number): Promise<void> {
    this.#closing = true;
    this.#summaries.close();
    const grace = AbortSignal.timeout(graceMs);
    const interrupt = () => {
      for (const turn of Object.values(this.#running)) turn.stop("interrupted");
    };
    grace.addEventListener("abort", interrupt);
    // These turns are about to begin: Redis may have them already.
    await Promise.allSettled(this.#asking.all());
    if (grace.aborted) interrupt();
    // One that rejects has met a bug, which `#run` reports.
    await Promise.allSettled(Object.values(this.#running).map((turn) => turn.ended));
  }

  /**
   * The context of a turn that is refused unless the model can be sent the whole history: then it has not begun.
   * Undefined for all others, which choose theirs when they run.
   */
  async #contextOf(plan: Plan, begun: BegunTurn): Promise<Context | undefined> {
    if (!plan.wholeHistory) return undefined;
    try {
      return await this.#options.planner.context(plan, begun);
    } catch (error) {
      // If Redis is away, the turn is ended as interrupted, and its input stays.
      await begun.writer.discard().then(begun.release, () => {});
      throw error;
    }
  }

  /** How many turns a provider answers for clients. */
  #turnsOf(model: ChatModel): number {
    return Object.values(this.#running).filter((turn) => turn.model === model && !turn.background).length;
  }

  #run({ caller, sessionId, blobsOf, plan, permit, begun, askedAt, background }: TurnToRun): AskedTurn {
    const { writer, count, startedAt } = begun;
    const { planner, onTurnEnd, ...options } = this.#options;
    const { sessions, quota } = caller;
    const outsideOfTurn = count === 0 ? {} : outsideOf(sessions, sessionId, plan.otherSessions);
    /** What the turn's last call left out of its window; undefined: nothing. */
    let leftOut: { readonly plan: Plan; readonly before: string } | undefined;
    const onChosen = (chosenBy: Plan, { start, items }: Context) => {
      const before = start === null ? undefined : items[0]?.item.id;
      leftOut = before === undefined ? undefined : { plan: chosenBy, before };
    };
    const turn = new RunningTurn({
      ...options,
      askedAt,
      sessionId,
      plan,
      permit,
      quota,
      writer,
      count,
      startedAt,
      background,
      stored: count > 0,
      context: contextChooser(planner, { plan, begun, outside: outsideOfTurn, onChosen }),
      blobLoader: () => {
        const load = blobLoader(sessions);
        return async (blobId) => (blobsOf === undefined ? null : load(blobsOf, blobId));
      },
      onWindow: (window) => planner.learnWindow(plan, window),
    });
    const key = runningKey(sessions, sessionId, turn.turnId);
    this.#running[key] = turn;
    turn.ended
      .then((finished) => {
        delete this.#running[key];
        const isCompleted = count > 0 && finished.result.response.status === "completed";
        if (isCompleted && leftOut) this.#summaries.schedule({ caller, sessionId, ...leftOut });
        onTurnEnd(finished);
      })
      // A bug in a turn, or in a metrics or log callback, must not crash the process.
      .catch((error) => {
        delete this.#running[key];
        options.onUnexpected(error, turn.turnId);
        // Its followers would wait, and its session would be busy, until the writer is given up for doing nothing.
        return writer[Symbol.asyncDispose]();
      });
    return turn;
  }
}

/**
 * Chooses the context of a turn that has begun. A function of its own: closures of one function keep each other's
 * variables, and the other closures of a running turn would keep the history that was read as long as it runs.
 */
function contextChooser(
  planner: Planner,
  {
    plan,
    begun,
    outside,
    onChosen,
  }: Pick<TurnToRun, "plan" | "begun"> & {
    outside: Outside;
    onChosen: (plan: Plan, context: Context) => void;
  },
) {
  return async (asPlanned: Plan): Promise<Context> => {
    const known = asPlanned === plan ? begun.context : undefined;
    const chosen = known ?? (await planner.context(asPlanned, begun, outside));
    onChosen(asPlanned, chosen);
    return chosen;
  };
}

/**
 * The input with its images stored. They stay where they are without Redis, in a turn that is not stored, and for a
 * session that must be there and is not: there the turn itself finds out what to do.
 */
async function storedInput({ sessions, quota }: Caller, sessionId: string, request: TurnRequest) {
  const { input, unstored, continues, fieldNames } = request;
  if (unstored || !input.some(hasData)) return input;
  try {
    if (continues !== undefined && (await sessions.get(sessionId)) === null) return input;
    return await storeBlobs(sessions, sessionId, input, quota, fieldNames?.attachments);
  } catch (error) {
    if (error instanceof AppError && error.code === "storage_unavailable") return input;
    throw error;
  }
}

interface TurnToRun {
  readonly caller: Caller;
  readonly sessionId: string;
  /** The session that has the images and files; undefined: none. */
  readonly blobsOf: string | undefined;
  readonly plan: Plan;
  readonly permit: TurnPermit;
  /** With the context for the plan, if it is known. */
  readonly begun: BegunTurn & { readonly context: Context | undefined };
  /** By `performance.now()`. */
  readonly askedAt: number;
  /** True: no client waits for it. */
  readonly background: boolean;
}

// No part can contain a control character, so two different turns cannot have the same key.
const runningKey = ({ owner }: SessionStore, sessionId: string, turnId: string): string =>
  `${owner}\n${sessionId}\n${turnId}`;
