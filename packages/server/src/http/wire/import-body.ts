import { setImmediate } from "node:timers/promises";
import type { SessionImportMessage } from "@redis-memory-magic/memory";
import {
  archivedTurn,
  EXPORT_FORMAT,
  EXPORT_VERSION,
  type ImportedMessage,
  importedMessage,
  importedSession,
} from "@redis-memory-magic/protocol";
import { z } from "zod";
import type { ImportedTurn, SessionImport } from "../../chat/session-store.ts";
import { AppError } from "../../errors/app-error.ts";
import { fromArchivedTurn } from "./archive.ts";
import { fromMessage } from "./session.ts";

export const IMPORT_BYTES = 32 * 1024 * 1024;
const MAX_ENTRIES = 200_000;
// As much as the body of any other request: an entry is always read completely.
const ENTRY_BYTES = 1024 * 1024;

// The schema documents the whole body; entries are validated one by one: see `parseEach`.
const listOf = (schema: z.ZodType, description: string) => {
  const { $schema: _, ...items } = z.toJSONSchema(schema, { io: "input" });
  return z.array(z.unknown()).max(MAX_ENTRIES).meta({ items, description });
};

/** The body of `POST /sessions/import`: an export, or any list of messages. */
export const importBody = z.object({
  format: z.literal(EXPORT_FORMAT).optional(),
  version: z.literal(EXPORT_VERSION).optional(),
  session: importedSession.default({}),
  messages: listOf(importedMessage, "Oldest first. Ids and times that they have are kept."),
  turns: listOf(archivedTurn, "The turns that wrote them; none: nothing is known of them.").default([]),
});

/** @throws AppError `invalid_request` with the field of the first wrong entry */
export async function toSessionImport(body: z.infer<typeof importBody>): Promise<SessionImport> {
  const { title, ttl_seconds, root_id, forked_from } = body.session;
  const messages = await parseEach("messages", body.messages, importedMessage);
  const turns = await parseEach("turns", body.turns, archivedTurn);
  const ids = new Set<string>();
  for (const [n, { id, user_place, answer_place }] of turns.entries()) {
    if (ids.has(id)) refuse(`turns.${n}.id`, "is there twice");
    ids.add(id);
    assertIndex(`turns.${n}.user_place`, messages, user_place, "user");
    if (answer_place !== null) assertIndex(`turns.${n}.answer_place`, messages, answer_place, "assistant");
  }
  const now = new Date();
  return {
    ...(title && { title }),
    ...(ttl_seconds !== undefined && { ttlSeconds: ttl_seconds }),
    ...(root_id && { rootId: root_id }),
    ...(forked_from && {
      forkedFrom: { sessionId: forked_from.session_id, messageId: forked_from.message_id },
    }),
    messages: messages.map((message) => message && toImportMessage(message, ids, now)),
    turns: turns.map((turn): ImportedTurn => fromArchivedTurn(turn)),
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
    ...fromMessage(message),
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
      // Only now: JSON that is nested deeper than the stack cannot be serialised.
      if (Buffer.byteLength(JSON.stringify(item)) > ENTRY_BYTES)
        refuse(`${field}.${n}`, "must be at most 1 MiB");
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
  if (message !== null && message.role !== role)
    refuse(field, `must be the index of a message of the ${role}`);
}

function refuse(field: string, message: string): never {
  throw new AppError("invalid_request", `${field}: ${message}`, { errors: [{ field, message }] });
}
