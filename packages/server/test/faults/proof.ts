import { setTimeout as sleep } from "node:timers/promises";
import { within } from "../within.ts";
import { TurnStream } from "./turn-stream.ts";

/** A lease of 5 s, and time to look. */
const ENDED_WITHIN_MS = 12_000;
const ANSWERED_WITHIN_MS = 10_000;

interface Turn {
  readonly status: string;
  readonly response: string;
}

interface Answer {
  readonly status: number;
  readonly retryAfter: string | null;
  // biome-ignore lint/suspicious/noExplicitAny: what a server answers, looked at by tests alone
  readonly body: any;
}

/** A request that must be answered in time. */
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

const sessionPath = (sessionId: string): string => `/sessions/${encodeURIComponent(sessionId)}`;

/** The turn when it has ended. @throws when it does not end in time */
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
 * What must hold of a session whose only turn somebody has watched, whatever happened meanwhile; asked of a
 * server that lives. Returns what does not hold.
 */
export async function lossesOf(base: string, seen: TurnStream): Promise<string[]> {
  const losses: string[] = [];
  try {
    losses.push(...lossesInStream(seen));
    const stored = await storedAnswer(base, seen, losses);
    losses.push(...(await lossesInMessages(base, seen, stored)));
    losses.push(...(await lossesInUse(base, seen.sessionId)));
  } catch (error) {
    losses.push(String(error));
  }
  return losses.map((loss) => `${seen.sessionId}: ${loss}`);
}

/** The losses of many turns, one after the other: the proof is not to be a load of its own. */
export async function lossesOfAll(base: string, streams: Iterable<TurnStream>): Promise<string[]> {
  const losses: string[] = [];
  for (const seen of streams) losses.push(...(await lossesOf(base, seen)));
  return losses;
}

/** Ids tell the length of what was shown, nothing comes twice, and the end tells all of it. */
function* lossesInStream(seen: TurnStream): Generator<string> {
  let length = 0;
  for (const { event, id, data } of seen.events) {
    if (event !== "text-delta") continue;
    length += data.text?.length ?? 0;
    if (id !== String(length)) yield `the event ${id} came where ${length} was due`;
  }
  const { end } = seen;
  if (end === undefined) return;
  if (end.data.response !== seen.text)
    yield `shown ${seen.text.length} characters, told of ${end.data.response?.length}`;
  if (seen.events.at(-1) !== end) yield "something came after the end";
}

/** The answer as it is kept, or null: its turn had not begun. */
async function storedAnswer(base: string, seen: TurnStream, losses: string[]): Promise<string | null> {
  const { sessionId, turnId } = seen;
  if (turnId === undefined) return null;
  const { status, response } = await endedTurn(base, sessionId, turnId);
  if (!response.startsWith(seen.text)) losses.push(`shown but not stored: ${JSON.stringify(seen.text)}`);
  const told = seen.end?.data.status;
  // A server that cannot hear of the end from Redis says so; what it could not hear was an end all the same.
  if (told !== undefined && told !== status && told !== "interrupted")
    losses.push(`told ${told}, kept ${status}`);
  // A piece whose storing nobody heard of is stored and not shown; only an interrupted turn has such.
  if (told === status && told !== "interrupted" && response !== seen.text)
    losses.push("more stored than told of");
  const ids = [undefined, ...seen.events.map(({ id }) => id).filter((id) => id !== "")];
  const found = await Promise.all(ids.map((id) => lossesInResuming(base, sessionId, turnId, response, id)));
  losses.push(...found.flat());
  return response;
}

/** Resumed behind an event, a stream has all of the rest and its end, and nothing that was seen. */
async function lossesInResuming(
  base: string,
  sessionId: string,
  turnId: string,
  response: string,
  id: string | undefined,
): Promise<string[]> {
  const rest = TurnStream.resume(base, sessionId, turnId, id);
  await within(ANSWERED_WITHIN_MS, rest.over);
  const losses: string[] = [];
  if (id?.endsWith(".end")) {
    if (rest.status !== 204) losses.push("not told that it was all");
  } else {
    if (rest.text !== response.slice(Number(id ?? 0))) losses.push(`got ${JSON.stringify(rest.text)}`);
    if (rest.end?.id !== `${response.length}.end`) losses.push("no end");
    if (rest.events.some((event) => event.id === id)) losses.push("it came again");
  }
  return losses.map(
    (loss) => `resumed after ${id} (${rest.status} ${JSON.stringify(rest.problem)}): ${loss}`,
  );
}

/** What a session holds: `role: content` each. */
export async function messagesOf(base: string, sessionId: string): Promise<string[]> {
  const { body } = await request(base, "GET", `${sessionPath(sessionId)}/messages`);
  return (body.messages ?? []).map(
    ({ role, content }: { role: string; content: string }) => `${role}: ${content}`,
  );
}

async function lossesInMessages(
  base: string,
  { sessionId, question }: TurnStream,
  stored: string | null,
): Promise<string[]> {
  const { status, body } = await request(base, "GET", `${sessionPath(sessionId)}/messages`);
  if (status === 404 || (status === 200 && body.messages.length === 0))
    return stored === null ? [] : ["the session is gone"];
  const found = body.messages.map(
    ({ role, content }: { role: string; content: string }) => `${role}: ${content}`,
  );
  const question_ = `user: ${question}`;
  if (stored === null) {
    // The turn may have begun without anybody hearing of it; once at most.
    const once = found.filter((line: string) => line === question_).length === 1;
    return once && found.length <= 2 ? [] : [`messages: ${JSON.stringify(found)}`];
  }
  const due = stored === "" ? [question_] : [question_, `assistant: ${stored}`];
  return JSON.stringify(found) === JSON.stringify(due) ? [] : [`messages: ${JSON.stringify(found)}`];
}

/** The session goes on: the next turn is answered, with what came before it. */
async function lossesInUse(base: string, sessionId: string): Promise<string[]> {
  const next = { message: "Go on.", mode: "stateful", provider: "mirror", session_id: sessionId };
  const deadline = performance.now() + ENDED_WITHIN_MS;
  for (;;) {
    const { status, body } = await request(base, "POST", "/chat", next);
    if (status === 200 && body.status === "completed" && body.stored) return [];
    if (performance.now() > deadline) return [`the next turn: ${status} ${JSON.stringify(body)}`];
    await sleep(200);
  }
}
