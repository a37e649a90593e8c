import type { IndexedItem } from "@redis-memory-magic/memory";
import type { CreateResponse } from "@redis-memory-magic/protocol/openai";
import type { AskedTurn } from "../chat/asked-turn.ts";
import type { Caller } from "../chat/caller.ts";
import type { Chat } from "../chat/chat.ts";
import { withOrigin } from "../chat/extra-content.ts";
import type { SessionStore } from "../chat/session-store.ts";
import type { ClientFields, TurnRequest } from "../chat/turn-request.ts";
import { AppError } from "../errors/app-error.ts";
import { invalid, refusal, unsupported } from "./api-error.ts";
import { askUnstored } from "./ask-unstored.ts";
import { conversationId, isConversation, newChain, responseId, type TurnAddress } from "./ids.ts";
import type { ModelNames } from "./model-names.ts";
import { lockedConversation, type Parent, parentOf, unknownConversation, unknownParent } from "./parent.ts";
import { resolveInput } from "./references.ts";
import { readTurn } from "./run-again.ts";
import {
  echoOf,
  fieldNamesOf,
  readContextFields,
  refuseToolItems,
  refuseUnanswerable,
  toModelSettings,
} from "./settings.ts";
import { type Beginning, deadline, SESSION_WAIT_MS, untilEnded, whenFree } from "./wait-for-turn.ts";

// The longest answer of a slow model; clients give up after ten minutes.
const PARENT_WAIT_MS = 300_000;

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
  refuseUnanswerable(body);
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
  const given = await resolveInput(sessions, body.input, parent);
  const input = withOrigin(given, models.originOf(named));
  const request: TurnRequest = {
    ...named,
    mode: "stateful",
    system: body.instructions ?? "",
    input,
    settings: toModelSettings(body),
    fieldNames: fieldNamesOf(body),
    ttlSeconds,
    ...readContextFields(body),
    ...(Object.keys(client).length > 0 && { client }),
  };
  return { request, parent };
}

/**
 * Begins a response.
 * @param clientGone aborted when the client has disconnected
 * @param echo what the response says in place of the body's own fields
 * @throws AppError before anything is stored or sent
 */
export async function createResponse(
  options: CreateOptions,
  caller: Caller,
  body: CreateResponse,
  clientGone: AbortSignal,
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
    const history = await readHistory({ chat, caller, request, clientGone }, parent);
    const unstored = { history, from: contextOf(parent) };
    return askUnstored(chat, caller, { ...request, session_id: newChain(), unstored }, clientGone);
  }
  return begin({ chat, caller, request, clientGone }, parent);
}

/** The session whose items the response has in its context. */
export const contextOf = (parent: Parent): string | undefined =>
  parent.kind === "none" ? undefined : parent.sessionId;

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
