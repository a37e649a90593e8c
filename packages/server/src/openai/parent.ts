import type { CreateResponse } from "@redis-memory-magic/protocol/openai";
import { AppError } from "../errors/app-error.ts";
import { conversationId, parseConversationId, parseResponseId, type TurnAddress } from "./ids.ts";

/** What a request goes on from. */
export type Parent =
  | { readonly kind: "none" }
  | ({ readonly kind: "response" } & TurnAddress)
  | { readonly kind: "conversation"; readonly sessionId: string };

/** @throws AppError for an id that this API never gives, which is answered as an unknown one */
export function parentOf({ previous_response_id, conversation }: CreateResponse): Parent {
  const previous = previous_response_id ?? undefined;
  const id = typeof conversation === "string" ? conversation : conversation?.id;
  if (previous !== undefined && id !== undefined) {
    const message = "cannot be used together with conversation";
    throw new AppError("invalid_request", `previous_response_id ${message}. Send one of them.`, {
      errors: [{ field: "previous_response_id", message }],
    });
  }
  if (previous !== undefined) {
    const address = parseResponseId(previous);
    if (address === undefined) throw unknownParent(previous);
    return { kind: "response", ...address };
  }
  if (id === undefined) return { kind: "none" };
  const sessionId = parseConversationId(id);
  if (sessionId === undefined) throw unknownConversation(id);
  return { kind: "conversation", sessionId };
}

export const unknownParent = (id: string): AppError =>
  new AppError(
    "previous_response_not_found",
    `There is no response ${JSON.stringify(id)}: it was not stored, was deleted, or has expired. Send the whole conversation.`,
    { errors: [{ field: "previous_response_id", message: "is not stored" }] },
  );

export const unknownConversation = (id: string): AppError =>
  new AppError("conversation_not_found", `There is no conversation ${JSON.stringify(id)}.`);

export const lockedConversation = (sessionId: string): AppError =>
  new AppError(
    "conversation_locked",
    `A response is in progress in the conversation ${conversationId(sessionId)}. Wait for it, or cancel it.`,
    { errors: [{ field: "conversation", message: "has a response in progress" }], retryAfter: 1 },
  );
