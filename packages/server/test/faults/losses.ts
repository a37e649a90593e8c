import { setTimeout as sleep } from "node:timers/promises";
import { within } from "../within.ts";
import {
  type ChatRequest,
  ITEM_DONE,
  ITEM_STARTED,
  type StreamEvent,
  TurnStream,
  transcriptOf,
} from "./turn-stream.ts";

// Deadlines that only a turn or request which hangs can miss: a lease lasts 5 s, an operation in Redis 2 s.
const ENDED_WITHIN_MS = 45_000;
const ANSWERED_WITHIN_MS = 60_000;

interface Turn {
  readonly status: string;
  readonly response: string;
  readonly output: readonly { readonly type: string; readonly content: string }[];
}

/** The output as a stream shows it. Nothing marks the start and the end of a message that is the first item. */
const storedTranscript = (output: Turn["output"]): string =>
  output
    .map(({ type, content }, n) =>
      n === 0 && type === "message" ? content : ITEM_STARTED + content + ITEM_DONE,
    )
    .join("");

interface Answer {
  readonly status: number;
  readonly retryAfter: string | null;
  // biome-ignore lint/suspicious/noExplicitAny: a server's response, which only tests look at
  readonly body: any;
}

/** Sends a request. @throws when it is not answered in time */
export async function request(
  base: string,
  method: "GET" | "POST" | "DELETE",
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const response = await fetch(base + path, {
    method,
    signal: AbortSignal.timeout(ANSWERED_WITHIN_MS),
    headers: { ...(body !== undefined && { "content-type": "application/json" }), ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return {
    status: response.status,
    retryAfter: response.headers.get("retry-after"),
    body: text === "" ? null : JSON.parse(text),
  };
}

/** Asks again for as long as Redis is too slow for the server, as its 503 says. */
export async function untilServed<Answer extends { readonly status: number }>(
  ask: () => Promise<Answer>,
): Promise<Answer> {
  for (;;) {
    const answer = await ask();
    if (answer.status !== 503) return answer;
    await sleep(250);
  }
}

/** Opens a stream until it begins: Redis may be too slow for the server, as its 503 says. */
export async function untilBegun(open: (attempt: number) => TurnStream): Promise<TurnStream> {
  for (let attempt = 0; ; attempt++) {
    const stream = open(attempt);
    await stream.received(1);
    if (stream.events.length > 0) return stream;
    await sleep(200);
  }
}

/** Asks again in another session: the one that Redis was too slow for may keep the message. */
export const askUntilBegun = (base: string, body: ChatRequest): Promise<TurnStream> =>
  untilBegun((attempt) =>
    TurnStream.ask(base, attempt === 0 ? body : { ...body, session_id: `${body.session_id}-${attempt}` }),
  );

/** All that a client shows. Like the page, it resumes a stream that is cut, which a slow Redis is enough for. */
export async function shownUntilEnd(
  base: string,
  first: TurnStream,
  turnId: string,
): Promise<{ readonly text: string; readonly transcript: string; readonly end: StreamEvent }> {
  let text = "";
  let transcript = "";
  let lastId: string | undefined;
  for (let stream = first; ; ) {
    await stream.closed;
    text += stream.text;
    transcript += stream.transcript;
    if (stream.end !== undefined) return { text, transcript, end: stream.end };
    if (stream.problem !== undefined && stream.status !== 503)
      throw new Error(`The client gets ${stream.status}: ${JSON.stringify(stream.problem)}`);
    lastId = stream.events.findLast(({ id }) => id !== "")?.id ?? lastId;
    await sleep(100);
    stream = TurnStream.resume(base, first.sessionId, turnId, lastId);
  }
}

const sessionPath = (sessionId: string): string => `/sessions/${encodeURIComponent(sessionId)}`;

/** Returns the turn when it has ended. @throws when it does not end in time */
export async function endedTurn(base: string, sessionId: string, turnId: string): Promise<Turn> {
  const deadline = performance.now() + ENDED_WITHIN_MS;
  for (;;) {
    const { status, body } = await request(base, "GET", `${sessionPath(sessionId)}/turns/${turnId}`);
    if (status === 200 && body.status !== "running") return body as Turn;
    if (performance.now() > deadline)
      throw new Error(`no end: ${status} ${JSON.stringify(body).slice(0, 200)}`);
    await sleep(100);
  }
}

/**
 * Returns which promises do not hold for a session with one turn that this client has watched, whatever fault there
 * was. It asks a server that is up.
 */
export async function lossesOf(base: string, stream: TurnStream): Promise<string[]> {
  const losses: string[] = [];
  try {
    losses.push(...lossesInStream(stream));
    const stored = await storedAnswer(base, stream, losses);
    losses.push(...(await lossesInMessages(base, stream, stored)));
    losses.push(...(await lossesInNextTurn(base, stream.sessionId)));
  } catch (error) {
    losses.push(String(error));
  }
  return losses.map((loss) => `${stream.sessionId}: ${loss}`);
}

/** The losses of many turns, checked one after the other, so that the checks are not a load. */
export async function lossesOfAll(base: string, streams: Iterable<TurnStream>): Promise<string[]> {
  const losses: string[] = [];
  for (const stream of streams) losses.push(...(await lossesOf(base, stream)));
  return losses;
}

/** Each event's id is the position behind it, no event comes twice, and the end repeats the whole text. */
function* lossesInStream({ events, end, text }: TurnStream): Generator<string> {
  let length = 0;
  for (const event of events) {
    const { id } = event;
    const shown = transcriptOf(event);
    if (shown === "") continue;
    length += shown.length;
    if (id !== String(length)) yield `the event's id is ${id}, expected ${length}`;
  }
  if (end === undefined) return;
  if (end.data.response !== text)
    yield `showed ${text.length} characters, the end has ${end.data.response?.length}`;
  if (events.at(-1) !== end) yield "an event came after the end";
}

/** Returns the stored answer, or null if the turn had not begun. */
async function storedAnswer(base: string, stream: TurnStream, losses: string[]): Promise<string | null> {
  const { sessionId, turnId } = stream;
  if (turnId === undefined) return null;
  const { status, response, output } = await endedTurn(base, sessionId, turnId);
  const stored = storedTranscript(output);
  const { transcript } = stream;
  if (!stored.startsWith(transcript)) losses.push(`shown but not stored: ${JSON.stringify(transcript)}`);
  const shown = stream.end?.data.status;
  // A server that cannot reach Redis reports "interrupted", though Redis may have stored another end.
  if (shown !== undefined && shown !== status && shown !== "interrupted")
    losses.push(`the client received ${shown}, stored is ${status}`);
  // Text whose append was not acknowledged may be stored without being shown, but only by an interrupted turn.
  if (shown === status && shown !== "interrupted" && stored !== transcript)
    losses.push("stored more than was shown");
  const ids = [undefined, ...stream.events.map(({ id }) => id).filter((id) => id !== "")];
  const found = await Promise.all(ids.map((id) => lossesInResuming(base, sessionId, turnId, stored, id)));
  losses.push(...found.flat());
  return response;
}

/** Resumes a stream, and waits for its end. A server for which Redis is too slow says 503: it is asked again. */
async function resumeUntilServed(...resume: Parameters<typeof TurnStream.resume>): Promise<TurnStream> {
  for (;;) {
    const stream = TurnStream.resume(...resume);
    await stream.closed;
    if (stream.status !== 503) return stream;
    await sleep(200);
  }
}

/** A stream that is resumed after an event has exactly the rest, and the end. */
async function lossesInResuming(
  base: string,
  sessionId: string,
  turnId: string,
  stored: string,
  id: string | undefined,
): Promise<string[]> {
  const rest = await within(ANSWERED_WITHIN_MS, resumeUntilServed(base, sessionId, turnId, id));
  const losses: string[] = [];
  if (id?.endsWith(".end")) {
    if (rest.status !== 204) losses.push("expected 204 after the end");
  } else {
    const { transcript, end } = rest;
    if (transcript !== stored.slice(Number(id ?? 0))) losses.push(`got ${JSON.stringify(transcript)}`);
    if (end?.id !== `${stored.length}.end`) losses.push("no end");
    if (rest.events.some((event) => event.id === id)) losses.push("the event came again");
  }
  return losses.map(
    (loss) => `resumed after ${id} (${rest.status} ${JSON.stringify(rest.problem)}): ${loss}`,
  );
}

/** Returns a session's messages as `role: content`; none if there is no such session. */
export async function messagesOf(base: string, sessionId: string): Promise<string[]> {
  const path = `${sessionPath(sessionId)}/messages`;
  const { status, body } = await untilServed(() => request(base, "GET", path));
  if (status !== 200 && status !== 404) throw new Error(`messages: ${status} ${JSON.stringify(body)}`);
  return (body.messages ?? []).map(
    ({ role, content }: { role: string; content: string }) => `${role}: ${content}`,
  );
}

async function lossesInMessages(
  base: string,
  { sessionId, message }: TurnStream,
  stored: string | null,
): Promise<string[]> {
  const found = await messagesOf(base, sessionId);
  const question = `user: ${message}`;
  const differs = [`messages: ${JSON.stringify(found)}`];
  if (stored === null) {
    // The client may not have received the turn's first event. Its message is stored at most once.
    const asked = found.filter((line) => line === question).length;
    return found.length === 0 || (asked === 1 && found.length <= 2) ? [] : differs;
  }
  const expected = stored === "" ? [question] : [question, `assistant: ${stored}`];
  return JSON.stringify(found) === JSON.stringify(expected) ? [] : differs;
}

/** The session can be continued: the next turn is answered and stored. */
async function lossesInNextTurn(base: string, sessionId: string): Promise<string[]> {
  const next = { message: "Go on.", mode: "stateful", provider: "mirror", session_id: sessionId };
  const deadline = performance.now() + ENDED_WITHIN_MS;
  for (;;) {
    const { status, body } = await request(base, "POST", "/chat", next);
    if (status === 200 && body.status === "completed" && body.stored) return [];
    if (performance.now() > deadline) return [`the next turn: ${status} ${JSON.stringify(body)}`];
    await sleep(200);
  }
}
