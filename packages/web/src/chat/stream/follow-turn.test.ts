import { expect, test } from "vitest";
import { ApiError, connectionError } from "../../api/api-error.ts";
import { followTurn, pause } from "./follow-turn.ts";
import { type LiveTurn, lastEventId, newLiveTurn } from "./live-turn.ts";

const TEXT = "All of this text, and nothing of it twice.";
const ids = { turn_id: "0123456789abcdef", session_id: "s" };

const frame = (event: string, id: string, data: object) =>
  `event: ${event}\nid: ${id}\ndata: ${JSON.stringify({ ...ids, ...data })}\n\n`;
const started = frame("turn-started", "0", {
  mode: "stateful",
  provider: "mirror",
  model: "m",
  stored: true,
});
const completed = frame("turn-completed", `${TEXT.length}.end`, {
  response: TEXT,
  output: [],
  model: "m",
  stored: true,
});
const deltas = (from: number) =>
  Array.from(TEXT.slice(from), (text, i) => frame("text-delta", String(from + i + 1), { text }));

/** Sends the stream in pieces of `pieceBytes` and cuts the connection after `cutBytes`. */
function stream(from: number, cutBytes = Number.POSITIVE_INFINITY, pieceBytes = 7): Response {
  const whole = new TextEncoder().encode([started, ...deltas(from), completed].join(""));
  const bytes = whole.subarray(0, cutBytes);
  let at = 0;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const piece = bytes.subarray(at, at + pieceBytes);
      at += pieceBytes;
      if (piece.length > 0) controller.enqueue(piece);
      else if (bytes.length < whole.length) controller.error(new TypeError("network error"));
      else controller.close();
    },
  });
  return new Response(body);
}

const noWait = async () => {};
const { signal } = new AbortController();

async function follow(connect: (turn: LiveTurn) => Promise<Response>, turn = newLiveTurn("s")) {
  const texts: string[] = [];
  let latest = turn;
  for await (const update of followTurn(turn, { connect, signal, wait: noWait })) {
    latest = update.turn;
    texts.push(latest.text);
  }
  return { latest, texts };
}

test("reads the text however the stream is cut", async () => {
  for (const pieceBytes of [1, 7, 100_000]) {
    const { latest } = await follow(async () => stream(0, undefined, pieceBytes));
    expect(latest).toMatchObject({ text: TEXT, end: { status: "completed" } });
  }
});

test("loses and repeats no word when cut at any byte", async () => {
  const length = [started, ...deltas(0), completed].join("").length;
  for (let cut = 1; cut < length; cut += 13) {
    const asked: (string | null)[] = [];
    const { latest, texts } = await follow(async (turn) => {
      asked.push(lastEventId(turn));
      return stream(turn.text.length, asked.length === 1 ? cut : undefined);
    });
    expect(latest.text).toBe(TEXT);
    expect(texts.every((text) => TEXT.startsWith(text))).toBe(true);
    expect(asked.length).toBe(2);
  }
});

test("repeats nothing if a resumed stream starts over", async () => {
  let connections = 0;
  const { latest } = await follow(async () => stream(0, ++connections < 4 ? 900 : undefined));
  expect(latest.text).toBe(TEXT);
  expect(connections).toBe(4);
});

test("does not retry a refusal", async () => {
  let connections = 0;
  const refused = follow(async () => {
    connections += 1;
    throw new ApiError("turn_in_progress", "A turn is in progress.", 409);
  });
  await expect(refused).rejects.toMatchObject({ code: "turn_in_progress" });
  expect(connections).toBe(1);
});

test("does not send a message again by itself that took too long", async () => {
  let connections = 0;
  const connect = async () => {
    connections += 1;
    throw connectionError("timeout");
  };
  await expect(follow(connect)).rejects.toMatchObject({ code: "timeout" });
  expect(connections).toBe(1);
});

test("follows a running turn over a restart of the server", async () => {
  let connections = 0;
  const { latest } = await follow(
    async () => {
      connections += 1;
      if (connections < 6) throw new ApiError("storage_unavailable", "Redis is away.", 503);
      return stream(0);
    },
    newLiveTurn("s", ids.turn_id),
  );
  expect(latest.text).toBe(TEXT);
});

test("ends in an error if the server stays away", async () => {
  let connections = 0;
  const connect = async () => {
    connections += 1;
    throw connectionError("unreachable");
  };
  await expect(follow(connect)).rejects.toMatchObject({ code: "unreachable" });
  expect(connections).toBe(4);
  connections = 0;
  await expect(follow(connect, newLiveTurn("s", ids.turn_id))).rejects.toMatchObject({ code: "unreachable" });
  expect(connections).toBe(15);
});

test("skips unknown events", async () => {
  const body = `${frame("turn-weighed", "0", {})}: a comment\n\n${started}${deltas(0).join("")}${completed}`;
  const { latest } = await follow(async () => new Response(body));
  expect(latest.text).toBe(TEXT);
});

test("comes back to a running turn after a rate limit, but does not start one against it", async () => {
  const limited = () => Promise.reject(new ApiError("rate_limited", "Too many requests.", 429));
  let asked = 0;
  const { latest } = await follow(
    async (turn) => {
      asked += 1;
      return asked === 2 ? limited() : stream(turn.position, asked === 1 ? started.length + 200 : undefined);
    },
    newLiveTurn("s", ids.turn_id),
  );
  expect(latest.text).toBe(TEXT);
  await expect(follow(limited)).rejects.toMatchObject({ status: 429 });
});

test("a pause ends at once if it was given up before it began", async () => {
  await expect(pause(600_000, AbortSignal.abort("left"))).rejects.toBe("left");
});
