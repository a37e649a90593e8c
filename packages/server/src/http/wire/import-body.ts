import { setImmediate } from "node:timers/promises";
import type { Json, SessionImportMessage } from "@redis-memory-magic/memory";
import { blobIdOf } from "@redis-memory-magic/memory/internal";
import {
  type ArchivedBlob,
  archivedBlob,
  archivedTurn,
  EXPORT_FORMAT,
  IMPORT_VERSIONS,
  type ImportedMessage,
  importedMessage,
  importedSession,
} from "@redis-memory-magic/protocol";
import { z } from "zod";
import { toMetadata } from "../../chat/session-settings.ts";
import { takeData } from "../../chat/store-blobs.ts";
import type { ImportedTurn, SessionImport } from "../../chat/stored-session.ts";
import { AppError } from "../../errors/app-error.ts";
import { fromArchivedTurn } from "./archive.ts";
import { fromItem } from "./session.ts";

export const IMPORT_BYTES = 32 * 1024 * 1024;
const MAX_ENTRIES = 200_000;

// The schema documents the whole body; entries are validated one by one: see `parseEach`.
const listOf = (schema: z.ZodType, description: string) => {
  const { $schema: _, ...items } = z.toJSONSchema(schema, { io: "input" });
  return z.array(z.unknown()).max(MAX_ENTRIES).meta({ items, description });
};

/** The body of `POST /sessions/import`: an export, or any list of messages. */
export const importBody = z.object({
  format: z.literal(EXPORT_FORMAT).optional(),
  version: z.literal(IMPORT_VERSIONS).optional(),
  session: importedSession.default({}),
  messages: listOf(importedMessage, "Oldest first. Ids and times that they have are kept."),
  turns: listOf(archivedTurn, "The turns that wrote them; none: nothing is known of them.").default([]),
  blobs: listOf(archivedBlob, "Images and files that the items refer to.").default([]),
});
export type ImportBody = z.infer<typeof importBody>;

/** @throws AppError `invalid_request` with the field of the first wrong entry */
export async function toSessionImport(body: ImportBody): Promise<SessionImport> {
  const { title, ttl_seconds, root_id, forked_from, settings } = body.session;
  const blobs = new Map<string, ImportedBlob>();
  for (const [n, blob] of (await parseEach("blobs", body.blobs, archivedBlob)).entries())
    blobs.set(blob.id, toImportedBlob(blob, `blobs.${n}`));
  const given = body.messages.map((message) => withoutData(message, blobs));
  const messages = await parseEach("messages", given, importedMessage);
  const turns = await parseEach("turns", body.turns, archivedTurn);
  const ids = new Set<string>();
  for (const [n, turn] of turns.entries()) {
    const { id, user_place, answer_place } = turn;
    if (ids.has(id)) refuse(`turns.${n}.id`, "is there twice");
    ids.add(id);
    assertIndex(`turns.${n}.user_place`, messages, user_place, "user");
    if (answer_place !== null) assertIndex(`turns.${n}.answer_place`, messages, answer_place, "assistant");
    assertCounts(`turns.${n}`, turn, messages.length);
    assertReadOnce(`turns.${n}.sent`, turn);
  }
  const now = new Date();
  return {
    ...(title && { title }),
    ...(ttl_seconds !== undefined && { ttlSeconds: ttl_seconds }),
    ...(root_id && { rootId: root_id }),
    ...(forked_from && {
      forkedFrom: { sessionId: forked_from.session_id, messageId: forked_from.message_id },
    }),
    ...(settings && { metadata: toMetadata(settings) }),
    messages: messages.map((message) => message && toImportMessage(message, ids, now)),
    turns: turns.map((turn): ImportedTurn => fromArchivedTurn(turn)),
    ...(blobs.size > 0 && { blobs: [...blobs.values()] }),
  };
}

function toImportMessage(
  message: NonNullable<ImportedMessage>,
  turns: ReadonlySet<string>,
  now: Date,
): SessionImportMessage {
  const turnId = message.turn?.id;
  return {
    createdAt: now,
    ...fromItem(message),
    ...(turnId !== undefined && turns.has(turnId) && { turnId }),
  };
}

const PAUSE_EVERY = 500;

/**
 * Stops at the first wrong entry: a hostile body has millions of them, and a list of all errors would not fit into
 * memory. Yields to the event loop meanwhile.
 */
async function parseEach<T>(field: string, items: readonly unknown[], schema: z.ZodType<T>): Promise<T[]> {
  const parsed: T[] = [];
  for (const [n, item] of items.entries()) {
    if (n % PAUSE_EVERY === PAUSE_EVERY - 1) await setImmediate();
    const { success, data, error } = schema.safeParse(item);
    if (success) {
      parsed.push(data);
      continue;
    }
    const [issue] = error.issues;
    refuse([field, n, ...(issue?.path ?? [])].join("."), issue?.message ?? "is not valid");
  }
  return parsed;
}

function assertIndex(
  field: string,
  messages: readonly ImportedMessage[],
  index: number,
  role: "user" | "assistant",
): void {
  const message = messages[index];
  if (message === undefined) refuse(field, "must be an index in messages");
  // Input and output can be items of other kinds.
  if (message !== null && message.role !== undefined && message.role !== "tool" && message.role !== role)
    refuse(field, `must be the index of a message of the ${role}`);
}

function assertCounts(field: string, turn: z.infer<typeof archivedTurn>, length: number): void {
  const { user_place, answer_place, input_count = 1, output_count = 1 } = turn;
  if (input_count > user_place + 1) refuse(`${field}.input_count`, "must be of items in messages");
  if (answer_place !== null && answer_place + output_count > length)
    refuse(`${field}.output_count`, "must be of items in messages");
}

/** A report reads all that its turn refers to: what stood in it many times would not fit into memory. */
function assertReadOnce(field: string, { sent }: z.infer<typeof archivedTurn>): void {
  const { listed = [] } = sent?.contents ?? {};
  if (new Set(listed).size < listed.length) refuse(`${field}.contents.listed`, "must have no place twice");
  const ends = new Map<string | undefined, number>();
  for (const { session, from, to } of sent?.recall?.turns.toSorted((a, b) => a.from - b.from) ?? []) {
    const end = ends.get(session) ?? 0;
    if (from < end) refuse(`${field}.recall.turns`, "must not overlap");
    ends.set(session, Math.max(end, to));
  }
}

type ImportedBlob = NonNullable<SessionImport["blobs"]>[number];

function toImportedBlob({ id, media_type, data }: ArchivedBlob, field: string): ImportedBlob {
  const bytes = Buffer.from(data, "base64");
  if (blobIdOf(bytes) !== id) refuse(`${field}.id`, "must be that of its data");
  return { id, mediaType: media_type, data: bytes };
}

/** A message whose images and files, if they stand in it, are taken out of it and into `blobs`. */
function withoutData(message: unknown, blobs: Map<string, ImportedBlob>): unknown {
  if (typeof message !== "object" || message === null || !("parts" in message)) return message;
  const { parts } = message;
  if (!Array.isArray(parts)) return message;
  const kept = parts.map((part: Json) => {
    const found = takeData(part);
    if (found === undefined) return part;
    const id = blobIdOf(found.data);
    blobs.set(id, { id, mediaType: found.mediaType, data: found.data });
    return found.partFor(id);
  });
  return { ...message, parts: kept };
}

function refuse(field: string, message: string): never {
  throw new AppError("invalid_request", `${field}: ${message}`, { errors: [{ field, message }] });
}
