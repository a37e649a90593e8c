import { randomBytes } from "node:crypto";
import { messageId, sessionId as sessionIdSchema } from "@redis-memory-magic/protocol";

/*
 * Ids say where their thing is, so that no table is needed to find it. They have letters, digits, `_` and `-` only.
 *
 *   conv_<session>            a conversation
 *   resp_<session><turn>      a response; as a chat completion chatcmpl-<session><turn>
 *   msg_<session>_<turn>-<n>  the output item n of a turn; likewise fc_, rs_ and others
 *   msg_<session>_<item id>   any other item: by its id in the session
 */

const HEX_32 = /^[0-9a-f]{32}$/;
const TURN = /^[0-9a-f]{16}$/;
const UUID = /^([0-9a-f]{8})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{12})$/;

const CHAIN = "chain_";
const CONVERSATION = "conv_";
const COMPLETION = "completion_";
const PAGE = "session_";

/** Makes the id of a session for a chain of responses. */
export const newChain = (): string => CHAIN + randomBytes(16).toString("hex");

/** Makes the id of a session for a conversation of this API. */
export const newConversation = (): string => CONVERSATION + randomBytes(16).toString("hex");

/** Makes the id of a session for a chat completion that is stored. */
export const newStoredCompletion = (): string => COMPLETION + randomBytes(16).toString("hex");

/** True for the session of a stored chat completion. */
export const isStoredCompletion = (sessionId: string): boolean => sessionId.startsWith(COMPLETION);

/** True for a session that was created as a conversation by this API: no response continues it unless it is named. */
export const isConversation = (sessionId: string): boolean => sessionId.startsWith(CONVERSATION);

/** True for a session that this API has made for a chain of responses. */
export const isChain = (sessionId: string): boolean => sessionId.startsWith(CHAIN);

function encodeSession(sessionId: string): string {
  const rest = (prefix: string) => (sessionId.startsWith(prefix) ? sessionId.slice(prefix.length) : "");
  if (HEX_32.test(rest(CHAIN))) return rest(CHAIN);
  if (HEX_32.test(rest(CONVERSATION))) return `c${rest(CONVERSATION)}`;
  if (HEX_32.test(rest(COMPLETION))) return `k${rest(COMPLETION)}`;
  if (UUID.test(rest(PAGE))) return `s${rest(PAGE).replaceAll("-", "")}`;
  return `x${toHex(sessionId)}`;
}

/** Undefined for what `encodeSession` does not make. */
function decodeSession(token: string): string | undefined {
  const sessionId = sessionOf(token);
  const isCanonical = sessionId !== undefined && encodeSession(sessionId) === token;
  return isCanonical && sessionIdSchema.safeParse(sessionId).success ? sessionId : undefined;
}

function sessionOf(token: string): string | undefined {
  if (HEX_32.test(token)) return CHAIN + token;
  const rest = token.slice(1);
  if (token.startsWith("x")) return fromHex(rest);
  if (!HEX_32.test(rest)) return undefined;
  if (token.startsWith("c")) return CONVERSATION + rest;
  if (token.startsWith("k")) return COMPLETION + rest;
  return token.startsWith("s") ? PAGE + rest.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-") : undefined;
}

export const conversationId = (sessionId: string): string => `conv_${encodeSession(sessionId)}`;

/** The session of a conversation; undefined for an id that this API never gives. */
export const parseConversationId = (id: string): string | undefined =>
  id.startsWith("conv_") ? decodeSession(id.slice("conv_".length)) : undefined;

/** Where a response is. */
export interface TurnAddress {
  readonly sessionId: string;
  readonly turnId: string;
}

export const responseId = ({ sessionId, turnId }: TurnAddress): string =>
  `resp_${encodeSession(sessionId)}${turnId}`;

/** Makes the address of a response that no model is asked for. */
export const newResponse = (): TurnAddress => ({
  sessionId: newChain(),
  turnId: randomBytes(8).toString("hex"),
});

/** The same turn as a chat completion. */
export const completionId = (address: TurnAddress): string =>
  `chatcmpl-${responseId(address).slice("resp_".length)}`;

/** Undefined for an id that this API never gives. */
export function parseResponseId(id: string): TurnAddress | undefined {
  if (!id.startsWith("resp_")) return undefined;
  const turnId = id.slice(-16);
  const sessionId = decodeSession(id.slice("resp_".length, -16));
  return sessionId !== undefined && TURN.test(turnId) ? { sessionId, turnId } : undefined;
}

/** Undefined for an id that this API never gives. */
export const parseCompletionId = (id: string): TurnAddress | undefined =>
  id.startsWith("chatcmpl-") ? parseResponseId(`resp_${id.slice("chatcmpl-".length)}`) : undefined;

/** Where an item is: an output item by its turn and position, any other by its id in the session. */
export type ItemAddress =
  | (TurnAddress & { readonly position: number })
  | { readonly sessionId: string; readonly itemId: string };

/** What the ids of the kinds of items begin with. */
const PREFIXES: ReadonlyMap<string, string> = new Map([
  ["message", "msg"],
  ["function_call", "fc"],
  ["function_call_output", "fco"],
  ["reasoning", "rs"],
  ["compaction", "cmp"],
]);

export function itemId(type: string, address: ItemAddress): string {
  const place = "turnId" in address ? `${address.turnId}-${address.position}` : encodeItemId(address.itemId);
  return `${PREFIXES.get(type) ?? "item"}_${encodeSession(address.sessionId)}_${place}`;
}

/** Undefined for an id that this API never gives. */
export function parseItemId(id: string): ItemAddress | undefined {
  const [, token = "", place = ""] = /^[a-z]+_([0-9a-z]+)_([0-9a-z-]+)$/.exec(id) ?? [];
  const sessionId = decodeSession(token);
  if (sessionId === undefined) return undefined;
  const [, turnId, position] = /^([0-9a-f]{16})-(\d{1,6})$/.exec(place) ?? [];
  if (turnId !== undefined) return { sessionId, turnId, position: Number(position) };
  const itemId = place.startsWith("x") ? fromHex(place.slice(1)) : place;
  return messageId.safeParse(itemId).success && itemId !== undefined ? { sessionId, itemId } : undefined;
}

/** The library's own ids stand as they are: 8 hexadecimal digits and an index. */
const encodeItemId = (id: string): string => (/^[0-9a-f]{8}-\d+$/.test(id) ? id : `x${toHex(id)}`);

const toHex = (text: string): string => Buffer.from(text).toString("hex");

function fromHex(hex: string): string | undefined {
  const text = Buffer.from(hex, "hex").toString();
  return toHex(text) === hex ? text : undefined;
}
