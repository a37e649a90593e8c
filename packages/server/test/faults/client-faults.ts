import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { within } from "../within.ts";
import type { Outcome } from "./outcome.ts";
import { endedTurn, lossesOf, lossesOfAll, messagesOf, request } from "./proof.ts";
import type { ServerProcess } from "./server-process.ts";
import { onStage } from "./stage.ts";
import { type Asking, TurnStream } from "./turn-stream.ts";

const ENDS_WITHIN_MS = 20_000;

const asking = (session_id: string, scenario: object): Asking => ({
  message: `fake ${JSON.stringify(scenario)}`,
  mode: "stateful",
  provider: "chatgpt",
  session_id,
});

/** The same Idempotency-Key and body, so many times over two processes: one turn, one call upstream. */
export const sameKey = ({ requests }: { requests: number }): Promise<Outcome> =>
  onStage(async (stage) => {
    const servers = [await stage.server(), await stage.server()];
    const { session_id: _, ...body } = asking("", { words: 20, delayMs: 20 });
    const headers = { "idempotency-key": "the-same-key" };
    const answers = await within(
      60_000,
      Promise.all(
        Array.from({ length: requests }, async (_, n) => {
          // Some arrive while the turn runs, some after.
          await sleep(n);
          return request(servers[n % 2]?.base ?? "", "POST", "/chat", body, headers);
        }),
      ),
    );
    const losses = answers
      .filter(({ status }) => status !== 200)
      .map(({ status, body }) => `${status} ${JSON.stringify(body)}`);
    const turns = new Set(answers.map(({ body }) => `${body.turn_id} ${body.response}`));
    if (turns.size !== 1) losses.push(`${turns.size} different answers`);
    const calls = stage.openai.requests.filter(({ method }) => method === "POST").length;
    if (calls !== 1) losses.push(`${calls} calls upstream`);
    return { fault: "the same Idempotency-Key over two processes", tries: requests, losses };
  });

/** Clients that leave at each token: the turn goes on to its end without them. */
export const clientLeaves = ({ tokens }: { tokens: number }): Promise<Outcome> =>
  onStage(async (stage) => {
    const server = await stage.server();
    const losses: string[] = [];
    const streams = await Promise.all(
      Array.from({ length: tokens }, async (_, index) => {
        const seen = TurnStream.ask(server.base, asking(`l${index}`, { words: tokens, delayMs: 10 }));
        await seen.seen(index + 1);
        seen.leave();
        await seen.over;
        const { status } = await endedTurn(server.base, seen.sessionId, seen.turnId ?? "");
        if (status !== "completed") losses.push(`${seen.sessionId}: ended as ${status}`);
        return seen;
      }),
    );
    losses.push(...(await lossesOfAll(server.base, streams)));
    return { fault: "client leaves at each token", tries: tokens, losses };
  });

/** Two tabs on two processes, one of them begins the turn; each asks while the other's turn runs. */
export const twoTabs = ({ turns }: { turns: number }): Promise<Outcome> =>
  onStage(async (stage) => {
    const [one, two] = [await stage.server(), await stage.server()];
    const losses: string[] = [];
    const streams: TurnStream[] = [];
    for (let n = 0; n < turns; n++) {
      const body = asking(`t${n}`, { words: 50, delayMs: 20 });
      const first = TurnStream.ask(one.base, body);
      await first.seen(1);
      const second = TurnStream.resume(two.base, `t${n}`, first.turnId ?? "");
      const refused = await request(two.base, "POST", "/chat", body);
      if (refused.status !== 409 || refused.body.turn_id !== first.turnId)
        losses.push(`the other tab: ${refused.status} ${JSON.stringify(refused.body)}`);
      await within(ENDS_WITHIN_MS, Promise.all([first.over, second.over]));
      if (first.text !== second.text || first.end?.event !== second.end?.event)
        losses.push("the tabs differ");
      streams.push(first);
    }
    losses.push(...(await lossesOfAll(two.base, streams)));
    return { fault: "two tabs on two processes", tries: turns, losses };
  });

/** A session that is cleared, deleted, cancelled or expires while its turn runs, from another process. */
export const sessionGoes = ({ rounds }: { rounds: number }): Promise<Outcome> =>
  onStage(async (stage) => {
    const server = await stage.server();
    const other = await stage.server();
    const losses: string[] = [];
    const ways: Readonly<Record<string, (seen: TurnStream) => Promise<unknown>>> = {
      cleared: ({ sessionId }) => request(other.base, "POST", "/clear-session", { session_id: sessionId }),
      deleted: ({ sessionId }) => request(other.base, "DELETE", `/sessions/${sessionId}`),
      cancelled: ({ sessionId, turnId }) =>
        request(other.base, "POST", `/sessions/${sessionId}/turns/${turnId}/cancel`),
      // As Redis expires them: all of its keys together.
      expired: ({ sessionId }) => {
        const keys = ["messages", "meta", "turns", "log"].map((key) => `chat_history:{${sessionId}}:${key}`);
        return stage.redis.command("DEL", ...keys);
      },
    };
    for (let round = 0; round < rounds; round++) {
      for (const [way, go] of Object.entries(ways)) {
        const id = `${way}-${round}`;
        const seen = TurnStream.ask(server.base, asking(id, { words: 2000, delayMs: 10 }));
        await seen.seen(3 + round);
        const elsewhere = TurnStream.resume(other.base, id, seen.turnId ?? "");
        await elsewhere.seen(2);
        await go(seen);
        await within(ENDS_WITHIN_MS, Promise.all([seen.over, elsewhere.over]));
        for (const { end } of [seen, elsewhere]) {
          if (end?.event !== "turn-cancelled") losses.push(`${id}: told ${end?.event ?? "no end"}`);
        }
        const next = await request(other.base, "POST", "/chat", {
          message: "Go on.",
          mode: "stateful",
          provider: "mirror",
          session_id: id,
        });
        const due = way === "cancelled" ? 4 : 2;
        if (next.body.message_count !== due) losses.push(`${id}: ${JSON.stringify(next.body)}`);
        if ((await messagesOf(server.base, id)).length !== due) losses.push(`${id}: other messages`);
      }
    }
    await sleep(500);
    const running = stage.openai.requests.filter(({ outcome }) => outcome === "running").length;
    if (running > 0) losses.push(`${running} requests upstream go on`);
    return { fault: "session cleared, deleted, cancelled, expired in mid-turn", tries: rounds * 4, losses };
  });

/** Ids that no stream has sent are refused, each at once. */
export const nonsensicalIds = (): Promise<Outcome> =>
  onStage(async (stage) => {
    const server = await stage.server();
    const seen = TurnStream.ask(server.base, asking("n", { words: 5 }));
    await seen.over;
    const ids = [
      "-1",
      "x",
      "1.5",
      "1e3",
      "9".repeat(400),
      "100000",
      "5.end.end",
      ".end",
      "NaN",
      "0x10",
      "%00",
    ];
    const losses: string[] = [];
    for (const id of ids) {
      const resumed = TurnStream.resume(server.base, "n", seen.turnId ?? "", id);
      await within(5000, resumed.over);
      if (resumed.status !== 400) losses.push(`${id}: ${resumed.status}`);
    }
    losses.push(...(await lossesOf(server.base, seen)));
    return { fault: "Last-Event-ID that is nonsense", tries: ids.length, losses };
  });

/** Readers that never read: the turn, the others and the server's memory do not feel them. */
export const readersThatNeverRead = ({ readers }: { readers: number }): Promise<Outcome> =>
  onStage(async (stage) => {
    const server = await stage.server();
    const scenario = { pieces: Array(60).fill("a word and another word ".repeat(80)), delayMs: 100 };
    const seen = TurnStream.ask(server.base, { ...asking("r", {}), message: "Tell me all." });
    stage.openai.scenario = scenario;
    await seen.seen(2);
    const before = residentBytes(server);
    const silent = Array.from({ length: readers }, () => silentReader(server, "r", seen.turnId ?? ""));
    try {
      const reading = TurnStream.resume(server.base, "r", seen.turnId ?? "");
      await within(60_000, Promise.all([seen.over, reading.over]));
      const grown = residentBytes(server) - before;
      const losses: string[] = [];
      const { response } = await endedTurn(server.base, "r", seen.turnId ?? "");
      if (response !== scenario.pieces.join("")) losses.push(`${response.length} characters stored`);
      if (seen.text !== response) losses.push(`told ${seen.end?.event ?? "no end"}`);
      if (reading.text !== seen.text) losses.push("another reader lost text");
      if (grown / readers > 300_000) losses.push(`${Math.round(grown / readers)} bytes for a silent reader`);
      return { fault: "readers that never read", tries: readers, losses };
    } finally {
      for (const socket of silent) socket.destroy();
    }
  });

function silentReader({ base }: ServerProcess, sessionId: string, turnId: string): Socket {
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
