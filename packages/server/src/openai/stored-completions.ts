import type { Item, Json, SessionInfo } from "@redis-memory-magic/memory";
import {
  type ApiItem,
  type Completion,
  type CompletionsQuery,
  metadata,
} from "@redis-memory-magic/protocol/openai";
import { storedTurn } from "../chat/asked-turn.ts";
import type { Caller } from "../chat/caller.ts";
import { changeMetadata, fieldOf } from "../chat/session-metadata.ts";
import type { SessionStore } from "../chat/session-store.ts";
import type { StoredTurn } from "../chat/stored-session.ts";
import { storedResult } from "../chat/turn-result.ts";
import { AppError } from "../errors/app-error.ts";
import { isFields } from "../fields.ts";
import { invalid } from "./api-error.ts";
import { toCompletion } from "./completion.ts";
import { functionCallsOf } from "./function-call.ts";
import { completionId, isStoredCompletion, parseCompletionId } from "./ids.ts";
import { listOf } from "./item-list.ts";

/** Where metadata that was changed is among that of the session. */
const FIELD = "completion";
const PAGE = 200;
// Reading so many takes about a second.
const MAX_SESSIONS = 10_000;

interface Found {
  readonly session: Pick<SessionInfo, "id" | "metadata">;
  readonly stored: StoredTurn;
}

/** @throws AppError `response_not_found` */
export async function readCompletion({ sessions }: Caller, id: string): Promise<Found> {
  const address = parseCompletionId(id);
  if (address === undefined || !isStoredCompletion(address.sessionId)) throw unknownCompletion(id);
  const [session, stored] = await Promise.all([
    sessions.get(address.sessionId),
    sessions.turn(address.sessionId, address.turnId),
  ]);
  if (session === null || stored === null) throw unknownCompletion(id);
  return { session, stored };
}

/** A stored completion as the API sends it. */
export function toStoredCompletion(sessions: SessionStore, { session, stored }: Found): Completion {
  const { id } = session;
  const whole = toCompletion(storedTurn(sessions, id, stored), storedResult(id, stored));
  return { ...whole, metadata: metadataOf(session, stored) };
}

/**
 * A page of the stored completions that a list asks for. Reads no more of them than it needs.
 * @throws AppError `invalid_request` for `after` without such a completion, `rate_limited`
 */
export async function listCompletions(
  { sessions, quota }: Caller,
  { model, limit, order, after, ...others }: CompletionsQuery,
) {
  const pairs = Object.entries(others).flatMap(([name, value]) => {
    const key = /^metadata\[(.*)\]$/.exec(name)?.[1];
    return key === undefined ? [] : [[key, value] as const];
  });
  const chosen = async (session: SessionInfo): Promise<Completion[]> => {
    const turnId = (await sessions.newest(session.id))?.item.turnId;
    const stored = turnId === undefined ? null : await sessions.turn(session.id, turnId);
    if (stored === null || stored.record.status !== "completed") return [];
    const completion = toStoredCompletion(sessions, { session, stored });
    await quota.read(async () => Buffer.byteLength(JSON.stringify(completion)));
    const known = metadataOf(session, stored);
    const isWanted = model === undefined || completion.model === model;
    return isWanted && pairs.every(([key, value]) => known[key] === value) ? [completion] : [];
  };
  const all = await completionSessions(sessions);
  if (order === "desc") all.reverse();
  const last = after === undefined ? undefined : (parseCompletionId(after)?.sessionId ?? "");
  const start = last === undefined ? 0 : all.findIndex(({ id }) => id === last) + 1;
  if (last !== undefined && start === 0) throw invalid("after", "must be the id of an item of this list");
  const found: Completion[] = [];
  const more = limit + 1;
  for (let from = start; from < all.length && found.length <= limit; from += more) {
    found.push(...(await Promise.all(all.slice(from, from + more).map(chosen))).flat());
  }
  return listOf(found.slice(0, limit), found.length > limit);
}

async function completionSessions(sessions: SessionStore): Promise<SessionInfo[]> {
  const found: SessionInfo[] = [];
  let cursor: string | undefined;
  for (let looked = 0; looked < MAX_SESSIONS; looked += PAGE) {
    const page = await sessions.list(PAGE, cursor);
    found.push(...page.sessions.filter(({ id }) => isStoredCompletion(id)));
    if (page.nextCursor === null) break;
    cursor = page.nextCursor;
  }
  return found.sort((a, b) => Number(a.createdAt) - Number(b.createdAt) || (a.id < b.id ? -1 : 1));
}

export async function updateMetadata(
  { sessions, quota }: Caller,
  { session, stored }: Found,
  pairs: Readonly<Record<string, string>>,
): Promise<Completion> {
  await changeMetadata(sessions, session.id, FIELD, () => pairs, quota);
  return toStoredCompletion(sessions, { session: { ...session, metadata: { [FIELD]: pairs } }, stored });
}

/** The messages that it was asked with, oldest first. */
export async function messagesOf(sessions: SessionStore, { session, stored }: Found): Promise<ApiItem[]> {
  const { id: turnId, info } = stored.record;
  const input = await sessions.inputOf(session.id, stored.record);
  const items = input.filter(({ item }) => item.type !== "reasoning");
  const system = info.system ? [{ role: "system", content: info.system, content_parts: null }] : [];
  const id = completionId({ sessionId: session.id, turnId });
  return [...system, ...items.map(({ item }) => toMessage(item))].map((message, n) => ({
    ...message,
    id: `${id}-${n}`,
    type: "message",
  }));
}

function toMessage(item: Item) {
  const { role, content, parts, toolCallId } = item;
  if (toolCallId !== undefined)
    return { role: "tool", content, tool_call_id: toolCallId, content_parts: null };
  if (role === undefined) {
    return { role: "assistant", content: null, tool_calls: functionCallsOf(item), content_parts: null };
  }
  return { role, content, content_parts: Array.isArray(parts) ? parts.map(toChatPart) : null };
}

/** A part as Chat Completions has it. What is stored apart has no address. */
function toChatPart(part: Json): object {
  if (!isFields<Json>(part)) return {};
  if (typeof part.text === "string") return { type: "text", text: part.text };
  return part.type === "input_image"
    ? { type: "image_url", image_url: { url: part.image_url ?? null } }
    : { type: "file", file: { filename: part.filename ?? null } };
}

const metadataOf = ({ metadata: all }: Found["session"], { record }: StoredTurn): Record<string, string> =>
  metadata.safeParse(fieldOf(all, FIELD) ?? record.info.client?.metadata).data ?? {};

const unknownCompletion = (id: string): AppError =>
  new AppError(
    "response_not_found",
    `There is no chat completion ${JSON.stringify(id)}: it was not stored, was deleted, or has expired.`,
  );
