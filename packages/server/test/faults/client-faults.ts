import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { ENDS_WITHIN_MS, within } from "../within.ts";
import {
  askUntilBegun,
  endedTurn,
  lossesOf,
  lossesOfAll,
  messagesOf,
  request,
  shownUntilEnd,
  untilBegun,
  untilServed,
} from "./losses.ts";
import type { Outcome } from "./outcome.ts";
import { askForWords } from "./server-faults.ts";
import type { ServerProcess } from "./server-process.ts";
import { withSystem } from "./system.ts";
import { chatRequest, TurnStream } from "./turn-stream.ts";

const ALL_END_WITHIN_MS = 120_000;

/** The same Idempotency-Key and body many times over two servers: one turn, one call upstream. */
export const sameKey = ({ requests }: { requests: number }): Promise<Outcome> =>
  withSystem(async (system) => {
    const servers = [await system.startServer(), await system.startServer()];
    const { session_id: _, ...body } = chatRequest("", askForWords(20, 20));
    const headers = { "idempotency-key": "the-same-key" };
    const answers = await within(
      ALL_END_WITHIN_MS,
      Promise.all(
        Array.from({ length: requests }, async (_, n) => {
          // Some arrive while the turn runs, some after it.
          await sleep(n);
          return untilServed(() => request(servers[n % 2]?.base ?? "", "POST", "/chat", body, headers));
        }),
      ),
    );
    const losses = answers
      .filter(({ status }) => status !== 200)
      .map(({ status, body }) => `${status} ${JSON.stringify(body)}`);
    const turns = new Set(answers.map(({ body }) => `${body.turn_id} ${body.response}`));
    if (turns.size !== 1) losses.push(`${turns.size} different answers`);
    const calls = system.openai.turns.length;
    if (calls !== 1) losses.push(`${calls} calls upstream`);
    return { tries: requests, losses };
  });

/** Clients disconnect after each token: the turn completes without them. */
export const clientDisconnects = ({ tokens }: { tokens: number }): Promise<Outcome> =>
  withSystem(async (system) => {
    const { base } = await system.startServer();
    const losses: string[] = [];
    const streams = await Promise.all(
      Array.from({ length: tokens }, async (_, index) => {
        const stream = await askUntilBegun(base, chatRequest(`d${index}`, askForWords(tokens, 10)));
        await stream.received(index + 1);
        stream.disconnect();
        await stream.closed;
        const { status } = await endedTurn(base, stream.sessionId, stream.turnId ?? "");
        if (status !== "completed") losses.push(`${stream.sessionId}: ended as ${status}`);
        return stream;
      }),
    );
    losses.push(...(await lossesOfAll(base, streams)));
    return { tries: tokens, losses };
  });

/** Two tabs on two servers: one begins the turn, the other follows it and is refused a turn of its own. */
export const twoTabs = ({ turns }: { turns: number }): Promise<Outcome> =>
  withSystem(async (system) => {
    const [one, two] = [await system.startServer(), await system.startServer()];
    const losses: string[] = [];
    const streams: TurnStream[] = [];
    for (let n = 0; n < turns; n++) {
      const scenario = { words: 50, delayMs: 20, pausedAfter: 1 };
      const body = chatRequest(`t${n}`, `fake ${JSON.stringify(scenario)}`);
      const first = await within(ENDS_WITHIN_MS, askUntilBegun(one.base, body));
      const turnId = first.turnId ?? "";
      const second = TurnStream.resume(two.base, first.sessionId, turnId);
      const again = { ...body, session_id: first.sessionId };
      const refused = await untilServed(() => request(two.base, "POST", "/chat", again));
      if (refused.status !== 409 || refused.body.turn_id !== turnId)
        losses.push(`the other tab: ${refused.status} ${JSON.stringify(refused.body)}`);
      await second.received(1);
      await system.openai.resume();
      const shown = await within(
        ENDS_WITHIN_MS,
        Promise.all([shownUntilEnd(one.base, first, turnId), shownUntilEnd(two.base, second, turnId)]),
      );
      if (shown[0]?.text !== shown[1]?.text) losses.push("the tabs differ");
      for (const { end } of shown)
        if (end.event !== "turn-completed") losses.push(`the end was ${end.event}`);
      streams.push(first);
    }
    losses.push(...(await lossesOfAll(two.base, streams)));
    return { tries: turns, losses };
  });

/** Another server clears, deletes or cancels a session, or it expires, while its turn runs. */
export const sessionEnds = ({ rounds }: { rounds: number }): Promise<Outcome> =>
  withSystem(async (system) => {
    const { base } = await system.startServer();
    const other = await system.startServer();
    const losses: string[] = [];
    const ends: Readonly<Record<string, (stream: TurnStream) => Promise<unknown>>> = {
      cleared: ({ sessionId }) => request(other.base, "POST", "/clear-session", { session_id: sessionId }),
      deleted: ({ sessionId }) => request(other.base, "DELETE", `/sessions/${sessionId}`),
      cancelled: ({ sessionId, turnId }) =>
        request(other.base, "POST", `/sessions/${sessionId}/turns/${turnId}/cancel`),
      // As Redis expires a session: all of its keys together.
      expired: ({ sessionId }) => {
        const keys = ["messages", "meta", "turns", "log"].map((key) => `chat_history:{${sessionId}}:${key}`);
        return system.redis.command("DEL", ...keys);
      },
    };
    for (let round = 0; round < rounds; round++) {
      for (const [name, end] of Object.entries(ends)) {
        const asked = chatRequest(`${name}-${round}`, askForWords(20_000, 10));
        const stream = await askUntilBegun(base, asked);
        const id = stream.sessionId;
        await stream.received(3 + round);
        const follower = await untilBegun(() => TurnStream.resume(other.base, id, stream.turnId ?? ""));
        await follower.received(2);
        await end(stream);
        await within(ENDS_WITHIN_MS, Promise.all([stream.closed, follower.closed]));
        for (const { end } of [stream, follower]) {
          if (end?.event !== "turn-cancelled") losses.push(`${id}: the end was ${end?.event ?? "missing"}`);
        }
        const goOn = { message: "Go on.", mode: "stateful", provider: "mirror", session_id: id };
        const next = await untilServed(() => request(other.base, "POST", "/chat", goOn));
        const expected = name === "cancelled" ? 4 : 2;
        if (next.body.message_count !== expected) losses.push(`${id}: ${JSON.stringify(next.body)}`);
        if ((await messagesOf(base, id)).length !== expected) losses.push(`${id}: other messages`);
      }
    }
    const isRunning = () => system.openai.requests.some(({ outcome }) => outcome === "running");
    for (let n = 0; n < 200 && isRunning(); n++) await sleep(50);
    if (isRunning()) losses.push("a request upstream was not cancelled");
    return { tries: rounds * 4, losses };
  });

/** Event ids that no stream has sent are refused. */
export const unknownEventIds = (): Promise<Outcome> =>
  withSystem(async (system) => {
    const { base } = await system.startServer();
    const stream = await askUntilBegun(base, chatRequest("n", askForWords(5, 0)));
    await stream.closed;
    const long = "9".repeat(400);
    const ids = ["-1", "x", "1.5", "1e3", long, "100000", "5.end.end", ".end", "NaN", "0x10", "%00"];
    const losses: string[] = [];
    for (const id of ids) {
      const resumed = TurnStream.resume(base, stream.sessionId, stream.turnId ?? "", id);
      await within(ENDS_WITHIN_MS, resumed.closed);
      if (resumed.status !== 400) losses.push(`${id}: ${resumed.status}`);
    }
    losses.push(...(await lossesOf(base, stream)));
    return { tries: ids.length, losses };
  });

/** Clients that never read their stream do not affect the turn, other clients or the server's memory. */
export const clientsThatNeverRead = ({ clients }: { clients: number }): Promise<Outcome> =>
  withSystem(async (system) => {
    const server = await system.startServer();
    const { base } = server;
    const scenario = { pieces: Array(60).fill("a word and another word ".repeat(80)), delayMs: 100 };
    system.openai.scenario = scenario;
    const stream = await askUntilBegun(base, chatRequest("r", "Write a long text."));
    const { sessionId, turnId = "" } = stream;
    await stream.received(2);
    const before = residentBytes(server);
    const sockets = Array.from({ length: clients }, () => followWithoutReading(base, sessionId, turnId));
    try {
      const reading = TurnStream.resume(base, sessionId, turnId);
      await within(ALL_END_WITHIN_MS, Promise.all([stream.closed, reading.closed]));
      const perClient = (residentBytes(server) - before) / clients;
      const losses: string[] = [];
      const { response } = await endedTurn(base, sessionId, turnId);
      if (response !== scenario.pieces.join("")) losses.push(`${response.length} characters stored`);
      if (stream.text !== response) losses.push(`the end was ${stream.end?.event ?? "missing"}`);
      if (reading.text !== stream.text) losses.push("another client lost text");
      if (perClient > 300_000) losses.push(`${Math.round(perClient)} bytes per client`);
      return { tries: clients, losses };
    } finally {
      for (const socket of sockets) socket.destroy();
    }
  });

function followWithoutReading(base: string, sessionId: string, turnId: string): Socket {
  const { port } = new URL(base);
  const socket = connect(Number(port), "127.0.0.1");
  socket.on("error", () => {});
  socket.pause();
  socket.write(
    `GET /sessions/${sessionId}/turns/${turnId}/events HTTP/1.1\r\nHost: localhost:${port}\r\n\r\n`,
  );
  return socket;
}

const residentBytes = ({ pid }: ServerProcess): number =>
  Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) * 1024;
