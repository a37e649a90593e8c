import type {
  AuthMe,
  ChatRequest,
  ContextReport,
  ItemsResponse,
  LogoutResponse,
  NewNote,
  NotesResponse,
  ProvidersResponse,
  SearchResponse,
  Session,
  SessionPatch,
  SessionSettings,
  SessionSettingsPatch,
  SessionsResponse,
  StorageResponse,
  TotalsResponse,
  Turn,
} from "@redis-memory-magic/protocol";
import { request, requestJson } from "./request.ts";

const session = (id: string) => `/sessions/${encodeURIComponent(id)}`;
const turn = (sessionId: string, turnId: string) => `${session(sessionId)}/turns/${turnId}`;

/** Fetches the current user and the available login methods. */
export const fetchMe = (signal?: AbortSignal) => requestJson<AuthMe>("/auth/me", { signal });

export const logOut = () => requestJson<LogoutResponse>("/auth/logout", { method: "POST" });

export const fetchProviders = (signal?: AbortSignal) =>
  requestJson<ProvidersResponse>("/providers", { signal });

/** Fetches a page of sessions, last used first. */
export function fetchSessions(limit: number, cursor: string | null): Promise<SessionsResponse> {
  const query = new URLSearchParams({ limit: String(limit), ...(cursor === null ? {} : { cursor }) });
  return requestJson(`/sessions?${query}`);
}

export const fetchSession = (sessionId: string, signal?: AbortSignal) =>
  requestJson<Session>(session(sessionId), { signal });

export const patchSession = (sessionId: string, patch: SessionPatch) =>
  requestJson<Session>(session(sessionId), { method: "PATCH", body: patch });

export const fetchSettings = (sessionId: string, signal?: AbortSignal) =>
  requestJson<SessionSettings>(`${session(sessionId)}/settings`, { signal });

/** Changes some of a session's settings; null removes one. */
export const changeSettings = (sessionId: string, patch: SessionSettingsPatch) =>
  requestJson<SessionSettings>(`${session(sessionId)}/settings`, { method: "PATCH", body: patch });

/** Deletes a session. The request continues if the page is closed meanwhile. */
export const deleteSession = (sessionId: string) =>
  request(session(sessionId), { method: "DELETE", keepalive: true });

/** Creates a session with the messages before a message. */
export const forkSession = (sessionId: string, before: string, newSessionId: string) =>
  requestJson<Session>(`${session(sessionId)}/fork`, {
    method: "POST",
    body: { before, session_id: newSessionId },
  });

/** Exports a whole session: as JSON to import again, or as Markdown to read. */
export async function exportSession(sessionId: string, format: "json" | "markdown"): Promise<Blob> {
  const response = await request(`${session(sessionId)}/export?format=${format}`);
  return response.blob();
}

/** Imports an export as a session; without an id the server chooses one. */
export const importSession = (exported: unknown, sessionId: string | null) =>
  requestJson<Session>(
    `/sessions/import${sessionId === null ? "" : `?${new URLSearchParams({ session_id: sessionId })}`}`,
    { method: "POST", body: exported },
  );

/** Fetches a page of items, oldest first, that ends before the item `before`; by default the newest page. */
export function fetchItems(
  sessionId: string,
  { limit, before, signal }: { limit: number; before?: string | undefined; signal?: AbortSignal | undefined },
): Promise<ItemsResponse> {
  const query = new URLSearchParams({ limit: String(limit), ...(before === undefined ? {} : { before }) });
  return requestJson(`${session(sessionId)}/items?${query}`, { signal });
}

/** Searches the messages of all sessions for those that have all words. */
export const searchMessages = (query: string, signal?: AbortSignal) =>
  requestJson<SearchResponse>(`/search?${new URLSearchParams({ q: query })}`, { signal });

/** Fetches an image or a file of a session. */
export async function fetchBlob(sessionId: string, blobId: string, signal?: AbortSignal): Promise<Blob> {
  const response = await request(`${session(sessionId)}/blobs/${encodeURIComponent(blobId)}`, { signal });
  return response.blob();
}

export const clearSession = (sessionId: string) =>
  requestJson("/clear-session", { method: "POST", body: { session_id: sessionId } });

/** Reports what a turn with this body would send, without sending it. */
export const previewContext = (body: ChatRequest, signal?: AbortSignal) =>
  requestJson<ContextReport>("/context-preview", { method: "POST", body, signal });

export const fetchTurn = (sessionId: string, turnId: string, signal?: AbortSignal) =>
  requestJson<Turn>(turn(sessionId, turnId), { signal });

/** Fetches the tokens of all turns of a session. */
export const fetchTotals = (sessionId: string, signal?: AbortSignal) =>
  requestJson<TotalsResponse>(`${session(sessionId)}/totals`, { signal });

/** Fetches the session's keys in Redis. */
export const fetchStorage = (sessionId: string, signal?: AbortSignal) =>
  requestJson<StorageResponse>(`${session(sessionId)}/storage`, { signal });

export const cancelTurn = (sessionId: string, turnId: string) =>
  request(`${turn(sessionId, turnId)}/cancel`, { method: "POST" });

/** Starts a turn and returns its event stream. Requests with the same key and body give the same turn. */
export const openTurn = (body: ChatRequest, idempotencyKey: string | null, signal: AbortSignal) =>
  request("/chat", {
    method: "POST",
    body,
    headers: {
      accept: "text/event-stream",
      ...(idempotencyKey === null ? {} : { "idempotency-key": idempotencyKey }),
    },
    signal,
  });

/** Returns the events of a turn after `lastEventId`, or from the start. */
export const openTurnEvents = (
  sessionId: string,
  turnId: string,
  lastEventId: string | null,
  signal: AbortSignal,
) =>
  request(`${turn(sessionId, turnId)}/events`, {
    headers: {
      accept: "text/event-stream",
      ...(lastEventId === null ? {} : { "last-event-id": lastEventId }),
    },
    signal,
  });

/** Fetches the user's notes, oldest first. */
export const fetchNotes = (signal?: AbortSignal) => requestJson<NotesResponse>("/notes", { signal });

/** Writes notes. One whose id is there is replaced. */
export const putNotes = (notes: readonly NewNote[]) =>
  requestJson<NotesResponse>("/notes", { method: "POST", body: { notes } });

/** Imports what `fetchNotes` returned. */
export const importNotes = (exported: unknown) =>
  requestJson<NotesResponse>("/notes", { method: "POST", body: exported });

export const deleteNote = (id: string) => request(`/notes/${encodeURIComponent(id)}`, { method: "DELETE" });
