import { MemoryError } from "../errors.ts";
import type { NewMessage } from "../history/item.ts";
import type { MessageHistory } from "../history/message-history.ts";
import { assertFields, assertTtl, isId } from "../validate.ts";
import { sanitize } from "./sanitize.ts";
import type { ImportSource, SourceSession } from "./source.ts";

/** How to import. */
export interface ImportOptions {
  /** Gives each imported session this TTL of its own, lastingly. Default: that of the history. */
  readonly ttlSeconds?: number;
  /** Called after each batch. */
  readonly onProgress?: (progress: ImportProgress) => void;
  /** Stops between two batches. What was imported stays; the next run continues from there. */
  readonly signal?: AbortSignal;
}

/** How far an import is; at its end, what it did. */
export interface ImportProgress {
  /** Sessions that are done, and how many there are. */
  readonly sessions: number;
  readonly ofSessions: number;
  /** Messages that were added. */
  readonly added: number;
  /** Messages whose ids were in use before. */
  readonly existing: number;
  /** Records that are no messages. They are left out. */
  readonly damaged: number;
  /** Ids of sessions that cannot be ids here (see `MessageHistory`). They are left out. */
  readonly refusedSessions: readonly string[];
}

const BATCH = 500;
const FIELDS = new Set(["ttlSeconds", "onProgress", "signal"]);

/**
 * Adds sessions from elsewhere to a history, in their order, with the ids and times they have. Running it again
 * adds what is missing and nothing twice. The source is only read.
 *
 * @example
 * const source = fromRedisVl({ client, prefix: "my_history" });
 * const { added } = await importHistory(history, source, { ttlSeconds: 30 * 86_400 });
 *
 * @throws the signal's reason when it stops; MemoryError `unavailable`, `damaged`
 */
export async function importHistory(
  history: MessageHistory,
  source: ImportSource,
  options: ImportOptions = {},
): Promise<ImportProgress> {
  assertFields("options", options, FIELDS);
  const { ttlSeconds, onProgress, signal } = options;
  if (ttlSeconds !== undefined) assertTtl("ttlSeconds", ttlSeconds);
  if (typeof source?.sessions !== "function") {
    throw new TypeError("source must be what a function such as fromLangChain returns");
  }
  signal?.throwIfAborted();
  const sessions = await source.sessions();
  const refusedSessions: string[] = [];
  const progress = { sessions: 0, ofSessions: sessions.length, added: 0, existing: 0, damaged: 0 };
  const report = () => onProgress?.({ ...progress, refusedSessions });
  for (const session of sessions) {
    if (isId(session.id)) {
      for await (const { added, existing, damaged } of importSession(history, session)) {
        progress.added += added;
        progress.existing += existing;
        progress.damaged += damaged;
        report();
        signal?.throwIfAborted();
      }
      if (ttlSeconds !== undefined) await history.expire(session.id, ttlSeconds);
    } else {
      refusedSessions.push(session.id);
    }
    progress.sessions++;
    report();
    signal?.throwIfAborted();
  }
  return { ...progress, refusedSessions };
}

/** Yields after each batch what became of it. */
async function* importSession(history: MessageHistory, { id, messages }: SourceSession) {
  const known = await idsOf(history, id);
  let batch: NewMessage[] = [];
  let existing = 0;
  let damaged = 0;
  const flush = async () => {
    const done = { added: await add(history, id, batch), existing, damaged };
    done.existing += batch.length - done.added;
    batch = [];
    existing = 0;
    damaged = 0;
    return done;
  };
  for await (const message of messages()) {
    if (message === null) damaged++;
    else if (known.has(message.id)) existing++;
    else {
      known.add(message.id);
      batch.push(sanitize(message));
    }
    if (batch.length + existing + damaged === BATCH) yield await flush();
  }
  yield await flush();
}

/** How many were added: someone else who imports the same may be faster with some. */
async function add(
  history: MessageHistory,
  sessionId: string,
  batch: readonly NewMessage[],
): Promise<number> {
  let missing = batch;
  while (missing.length > 0) {
    try {
      await history.addMessages(sessionId, missing);
      break;
    } catch (error) {
      if (!MemoryError.isInstance(error) || error.code !== "duplicate_id") throw error;
      const known = await idsOf(history, sessionId);
      const left = missing.filter(({ id }) => id === undefined || !known.has(id));
      if (left.length === missing.length) throw error;
      missing = left;
    }
  }
  return missing.length;
}

async function idsOf(history: MessageHistory, sessionId: string): Promise<Set<string>> {
  const ids = new Set<string>();
  // An id is in use whatever has it.
  for await (const { id } of history.items(sessionId)) ids.add(id);
  return ids;
}
