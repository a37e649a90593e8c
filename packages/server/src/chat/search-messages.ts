import type { SessionInfo } from "@redis-memory-magic/memory";
import type { SearchMatch, SearchResponse } from "@redis-memory-magic/protocol";
import type { StorageQuota } from "./caller.ts";
import type { SessionStore } from "./session-store.ts";

/** Bounds of one search: a search box asks at each pause in typing. */
const MAX_SESSIONS = 200;
const MAX_MATCHES = 30;
const MAX_MATCHES_PER_SESSION = 3;
/** Of the newest messages of a session. */
const SESSION_BYTES = 256 * 1024;
const MAX_MS = 1_500;
const AT_ONCE = 8;

interface SessionSearch {
  readonly matches: readonly SearchMatch[];
  readonly messages: number;
  readonly complete: boolean;
}

/** Searches an owner's messages for all words of a query, newest sessions first. Renews no session's TTL. */
export async function searchMessages(
  { sessions, quota }: { sessions: SessionStore; quota: StorageQuota },
  query: string,
): Promise<SearchResponse> {
  const words = normalized(query).split(/\s+/);
  const startedAt = performance.now();
  const found = await sessions.list(MAX_SESSIONS, undefined);
  const result = {
    matches: [] as SearchMatch[],
    sessions: 0,
    messages: 0,
    complete: found.nextCursor === null,
  };
  for (let at = 0; at < found.sessions.length; at += AT_ONCE) {
    if (result.matches.length >= MAX_MATCHES || performance.now() - startedAt > MAX_MS) {
      result.complete = false;
      break;
    }
    const batch = found.sessions.slice(at, at + AT_ONCE);
    const searched = await Promise.all(
      batch.map((session) => searchSession(sessions, quota, session, words)),
    );
    result.sessions += batch.length;
    for (const { matches, messages, complete } of searched) {
      result.matches.push(...matches);
      result.messages += messages;
      result.complete &&= complete;
    }
  }
  const matches = result.matches.slice(0, MAX_MATCHES);
  return { ...result, matches, complete: result.complete && matches.length === result.matches.length };
}

async function searchSession(
  sessions: SessionStore,
  quota: StorageQuota,
  { id, title }: SessionInfo,
  words: readonly string[],
): Promise<SessionSearch> {
  const { messages, complete } = await sessions.peek(id, {
    history: { maxBytes: SESSION_BYTES, window: "" },
  });
  await quota.read(async () => messages.reduce((sum, { message }) => sum + message.content.length, 0));
  const matches: SearchMatch[] = [];
  for (const { message } of messages.toReversed()) {
    const content = normalized(message.content);
    if (!words.every((word) => content.includes(word))) continue;
    matches.push({
      session_id: id,
      title,
      message_id: message.id,
      role: message.role,
      created_at: message.createdAt.toISOString(),
      text: excerpt(message.content, content.indexOf(words[0] ?? "")),
    });
    if (matches.length === MAX_MATCHES_PER_SESSION) break;
  }
  return { matches, messages: messages.length, complete };
}

/** True if a text has all words of a query, in any case. */
export function hasAllWords(text: string, query: string): boolean {
  const content = normalized(text);
  return normalized(query)
    .split(/\s+/)
    .every((word) => content.includes(word));
}

const normalized = (text: string): string => text.normalize("NFC").toLowerCase();

const CHARS_BEFORE = 40;
const CHARS = 160;

/** The text around an index, in one line. */
export function excerpt(text: string, index: number): string {
  const start = index <= CHARS_BEFORE ? 0 : index - CHARS_BEFORE;
  const part = text
    .slice(start, start + CHARS)
    .replace(/\s+/g, " ")
    .trim()
    .toWellFormed();
  return `${start > 0 ? "…" : ""}${part}${start + CHARS < text.length ? "…" : ""}`;
}
