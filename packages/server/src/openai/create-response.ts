import type { IndexedItem } from "@redis-memory-magic/memory";
import type { CreateResponse } from "@redis-memory-magic/protocol/openai";
import type { AskedTurn } from "../chat/asked-turn.ts";
import type { Caller } from "../chat/caller.ts";
import type { Chat } from "../chat/chat.ts";
import type { SessionStore } from "../chat/session-store.ts";
import type { ClientFields, TurnRequest } from "../chat/turn-request.ts";
import { AppError } from "../errors/app-error.ts";
import { invalid, unsupported } from "./api-error.ts";
import { askUnstored } from "./ask-unstored.ts";
import { conversationId, isConversation, newChain, responseId, type TurnAddress } from "./ids.ts";
import type { ModelNames } from "./model-names.ts";
import { lockedConversation, type Parent, parentOf, unknownConversation, unknownParent } from "./parent.ts";
import { resolveInput } from "./references.ts";
import { readTurn } from "./run-again.ts";
import { echoOf, readContextFields, readSettings, refuseToolItems } from "./settings.ts";

// The longest answer of a slow model; clients give up after ten minutes.
const PARENT_WAIT_MS = 300_000;
// Below the 30 s after which many proxies give up. Then the client's SDK tries again by itself.
export const SESSION_WAIT_MS = 25_000;

export interface CreateOptions {
  readonly chat: Chat;
  readonly models: ModelNames;
  readonly ttlSeconds: number;
}

/**
 * What a turn is asked for by a request of this API.
 * @param echo what the response says in place of the body's own fields
 * @throws AppError
 */
export async function readRequest(
  { models, ttlSeconds }: Pick<CreateOptions, "models" | "ttlSeconds">,
  sessions: SessionStore,
  body: CreateResponse,
  echo: ClientFields = {},
): Promise<{ readonly request: TurnRequest; readonly parent: Parent }> {
  refuseToolItems(body);
  const parent = parentOf(body);
  const named = await models.resolve(body.model);
  const client = {
    ...echoOf(body),
    ...(named.model !== body.model && { model: body.model }),
    ...(body.store === false && { store: false }),
    ...(parent.kind === "response" && { previous_response_id: responseId(parent) }),
    ...(parent.kind === "conversation" && { conversation: { id: conversationId(parent.sessionId) } }),
    ...echo,
  };
  const input = await resolveInput(sessions, body.input, contextOf(parent));
  const request: TurnRequest = {
    ...named,
    mode: "stateful",
    system: body.instructions ?? "",
    input,
    settings: readSettings(body),
    ttlSeconds,
    ...readContextFields(body),
    ...(Object.keys(client).length > 0 && { client }),
  };
  return { request, parent };
}

/**
 * Begins a response.
 * @param left aborted when the client has disconnected
 * @param echo what the response says in place of the body's own fields
 * @throws AppError before anything is stored or sent
 */
export async function createResponse(
  options: CreateOptions,
  caller: Caller,
  body: CreateResponse,
  left: AbortSignal,
  echo?: ClientFields,
): Promise<AskedTurn> {
  if (body.background && body.store === false) {
    throw unsupported("background", "needs store: a response that is not stored cannot be asked for later");
  }
  const { request, parent } = await readRequest(options, caller.sessions, body, echo);
  if (request.input.length === 0) {
    throw invalid("input", "must have something that is not in the conversation yet");
  }
  const { chat } = options;
  if (body.store === false) {
    const history = await readHistory({ chat, caller, request, left }, parent);
    const unstored = { history, from: contextOf(parent) };
    return askUnstored(chat, caller, { ...request, session_id: newChain(), unstored }, left);
  }
  return begin({ chat, caller, request, left }, parent);
}

/** The session whose items the response has in its context. */
export const contextOf = (parent: Parent): string | undefined =>
  parent.kind === "none" ? undefined : parent.sessionId;

interface Beginning {
  readonly chat: Chat;
  readonly caller: Caller;
  readonly request: TurnRequest;
  readonly left: AbortSignal;
}

async function begin(beginning: Beginning, parent: Parent): Promise<AskedTurn> {
  const { request } = beginning;
  switch (parent.kind) {
    case "none":
      return inNewSession(beginning, newChain());
    case "conversation": {
      const { sessionId } = parent;
      const until = deadline(SESSION_WAIT_MS);
      return whenFree(beginning, until, {
        ...request,
        session_id: sessionId,
        continues: "session",
        retrySame: true,
      }).catch(
        refusal({
          session_not_found: () => unknownConversation(conversationId(sessionId)),
          turn_in_progress: () => lockedConversation(sessionId),
        }),
      );
    }
    case "response": {
      const unknown = () => unknownParent(responseId(parent));
      const refused = refusal({ turn_not_found: unknown, session_not_found: unknown });
      return afterResponse(beginning, parent).catch(refused);
    }
  }
}

/** Begins a turn in a session that is made for it. */
export function inNewSession(
  { chat, caller, request }: Pick<Beginning, "chat" | "caller" | "request">,
  sessionId: string,
): Promise<AskedTurn> {
  return orClear(chat, caller, sessionId, () => chat.ask(caller, { ...request, session_id: sessionId }));
}

/** Makes a session: if that fails, nothing is left of it. */
export async function orClear<Result>(
  chat: Chat,
  caller: Caller,
  sessionId: string,
  make: () => Promise<Result>,
): Promise<Result> {
  try {
    return await make();
  } catch (error) {
    const isAway = error instanceof AppError && error.code === "storage_unavailable";
    if (!isAway) await chat.clear(caller.sessions, sessionId).catch(() => {});
    throw error;
  }
}

/** In the parent's session if the parent is its last turn, else in a branch: two that follow one parent both run. */
async function afterResponse(beginning: Beginning, parent: TurnAddress): Promise<AskedTurn> {
  const { request, caller } = beginning;
  const { sessionId, turnId } = parent;
  const until = deadline(PARENT_WAIT_MS);
  if (!isConversation(sessionId)) {
    const goesOn = { ...request, session_id: sessionId, continues: { after: turnId } };
    try {
      return await whenFree(beginning, until, goesOn, turnId);
    } catch (error) {
      const isOvertaken =
        error instanceof AppError &&
        (error.code === "changed_meanwhile" ||
          (error.code === "turn_in_progress" && error.turnId !== turnId));
      if (!isOvertaken) throw error;
      // It may be overtaken by the turn that was begun for it again.
      const { address } = await readTurn(beginning.chat, caller, parent);
      if (address !== parent) return afterResponse(beginning, address);
    }
  }
  await untilEnded(beginning, parent, until);
  const branch = newChain();
  await caller.sessions.fork(sessionId, branch, { through: turnId }, caller.quota);
  return inNewSession(beginning, branch);
}

/**
 * Begins a turn as soon as no other is in progress in its session.
 * @param only the one turn that it waits for; default: any
 * @throws AppError `turn_in_progress` when the time is up
 */
export async function whenFree(
  beginning: Beginning,
  until: Deadline,
  request: TurnRequest & { readonly session_id: string },
  only?: string,
): Promise<AskedTurn> {
  const { chat, caller } = beginning;
  for (;;) {
    try {
      return await chat.ask(caller, request);
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== "turn_in_progress") throw error;
      const { turnId } = error;
      if (turnId === undefined || (only !== undefined && turnId !== only)) throw error;
      const hasEnded = await ended(beginning, { sessionId: request.session_id, turnId }, until);
      if (!hasEnded) throw error;
    }
  }
}

/** A time for waiting, which begins when it is first asked for: most requests never wait. */
type Deadline = () => AbortSignal;

export function deadline(ms: number): Deadline {
  let signal: AbortSignal | undefined;
  return () => {
    signal ??= AbortSignal.timeout(ms);
    return signal;
  };
}

/** Waits for a turn's end. False: the time is up, or the client has disconnected. */
async function ended(
  { chat, caller, left }: Beginning,
  { sessionId, turnId }: TurnAddress,
  until: Deadline,
): Promise<boolean> {
  const turn = await chat.find(caller.sessions, sessionId, turnId);
  const signal = AbortSignal.any([until(), left]);
  for await (const update of turn.follow(Number.MAX_SAFE_INTEGER, signal)) {
    if (update.type === "end") return true;
  }
  return !signal.aborted;
}

/**
 * Waits for the end of the turn that another one goes on from.
 * @throws AppError `turn_in_progress`: the time is up, or the client has disconnected
 */
async function untilEnded(beginning: Beginning, address: TurnAddress, until: Deadline): Promise<void> {
  if (await ended(beginning, address, until)) return;
  const message =
    "The response that this one goes on from is in progress. Send the request again when it has ended.";
  throw new AppError("turn_in_progress", message, address);
}

/** What a response that is not stored goes on from. */
export async function readHistory(beginning: Beginning, parent: Parent): Promise<readonly IndexedItem[]> {
  const { sessions, quota } = beginning.caller;
  switch (parent.kind) {
    case "none":
      return [];
    case "conversation": {
      const found = await sessions.history(parent.sessionId, undefined, quota);
      if (found === null) throw unknownConversation(conversationId(parent.sessionId));
      return found;
    }
    case "response": {
      const unknown = () => unknownParent(responseId(parent));
      const { address } = await readTurn(beginning.chat, beginning.caller, parent).catch(
        refusal({ turn_not_found: unknown }),
      );
      const until = deadline(PARENT_WAIT_MS);
      await untilEnded(beginning, address, until).catch(refusal({ turn_not_found: unknown }));
      const found = await sessions.history(address.sessionId, address.turnId, quota);
      if (found === null) throw unknown();
      return found;
    }
  }
}

/** Rethrows an error, or what stands for it here. */
export const refusal =
  (meanings: Partial<Record<AppError["code"], () => AppError>>) =>
  (error: unknown): never => {
    const meaning = error instanceof AppError ? meanings[error.code] : undefined;
    throw meaning ? meaning() : error;
  };
