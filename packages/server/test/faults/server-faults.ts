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
  untilServed,
} from "./losses.ts";
import type { Outcome } from "./outcome.ts";
import { withSystem } from "./system.ts";
import { chatRequest, TurnStream } from "./turn-stream.ts";

/** A message that the fake OpenAI server answers with this many words, at this pace. */
export const askForWords = (words: number, delayMs: number): string =>
  `fake ${JSON.stringify({ words, delayMs })}`;

/**
 * Begins turns a few milliseconds after one another, so that a fault meets each in another phase. Resolves when half
 * of them stream text, and the others are about to.
 */
export async function beginStaggered(
  base: string,
  name: string,
  count: number,
  message: string,
  everyMs: number,
): Promise<TurnStream[]> {
  // The first turn of a server takes longer than all that follow.
  await TurnStream.ask(base, chatRequest(`${name}-warm`, askForWords(1, 0))).closed;
  const streams: TurnStream[] = [];
  for (let n = 0; n < count; n++) {
    streams.push(TurnStream.ask(base, chatRequest(`${name}-${n}`, message)));
    await sleep(everyMs);
  }
  await streams[Math.floor(count / 2)]?.received(3);
  return streams;
}

/** A message that the fake OpenAI server answers with reasoning, text and two tool calls: 42 events. */
export const ASK_FOR_ITEMS = `fake ${JSON.stringify({
  reasoning: ["They ", "want ", "the ", "weather ", "of ", "two ", "cities."],
  pieces: ["Let ", "me ", "look ", "that ", "up."],
  toolCalls: ["Rome", "Oslo"].map((city) => ({
    id: `call_${city}`,
    name: "weather",
    arguments: ['{"city"', ":", `"${city}"`, ',"days"', ":", "3}"],
  })),
  delayMs: 10,
})}`;

interface KillOptions {
  readonly message: string;
  /** How many events are tried, and how many lie between two of them. */
  readonly events: number;
  readonly step?: number;
}

/** SIGKILL after each possible number of events that the client has received. */
export const killAtEachEvent = ({ message, events, step = 1 }: KillOptions): Promise<Outcome> =>
  withSystem(async (system) => {
    const witness = await system.startServer();
    const checks: Promise<string[]>[] = [];
    for (let index = 0; index <= events; index += step) {
      const server = await system.startServer();
      const stream = await askUntilBegun(server.base, chatRequest(`s${index}`, message));
      const follower = TurnStream.resume(witness.base, stream.sessionId, stream.turnId ?? "");
      await stream.received(index + 1);
      await server.kill();
      await stream.closed;
      const check = async () => {
        const { turnId = "" } = stream;
        const followed = shownUntilEnd(witness.base, follower, turnId);
        const { text, transcript, end } = await within(ENDS_WITHIN_MS, followed);
        const losses: string[] = [];
        if (text !== end.data.response) losses.push("the client on the other server lost text");
        if (!transcript.startsWith(stream.transcript))
          losses.push("the client on the other server was shown less");
        return [...losses, ...(await lossesOf(witness.base, stream))];
      };
      checks.push(check());
    }
    return { tries: checks.length, losses: (await Promise.all(checks)).flat() };
  });

/** SIGKILL while many turns run, each in another phase. */
export const killUnderLoad = ({
  rounds,
  turns,
  message = askForWords(60, 10),
}: {
  readonly rounds: number;
  readonly turns: number;
  readonly message?: string;
}): Promise<Outcome> =>
  withSystem(async (system) => {
    const witness = await system.startServer();
    const losses: string[] = [];
    for (let round = 0; round < rounds; round++) {
      const server = await system.startServer();
      const streams = await beginStaggered(server.base, `r${round}`, turns, message, 15);
      await server.kill();
      await Promise.all(streams.map(({ closed }) => closed));
      losses.push(...(await lossesOfAll(witness.base, streams)));
    }
    return { tries: rounds * turns, losses };
  });

/** SIGSTOP until the lease has expired, then SIGCONT: the server changes nothing that happened meanwhile. */
export const freezePastLease = ({ turns }: { turns: number }): Promise<Outcome> =>
  withSystem(async (system) => {
    const witness = await system.startServer();
    const server = await system.startServer();
    const streams = await Promise.all(
      Array.from({ length: turns }, (_, n) =>
        askUntilBegun(server.base, chatRequest(`f-${n}`, askForWords(10_000, 10))),
      ),
    );
    await Promise.all(streams.map((stream) => stream.received(2)));
    server.freeze();
    const losses = (
      await Promise.all(
        streams.map(async (stream) => {
          const shown = stream.text;
          const { response, status } = await endedTurn(witness.base, stream.sessionId, stream.turnId ?? "");
          const kept = response.startsWith(shown) ? [] : ["shown but not stored"];
          return status === "interrupted" ? kept : [...kept, `ended as ${status}`];
        }),
      )
    ).flat();
    const next = { message: "Go on.", mode: "stateful", provider: "mirror" };
    await Promise.all(
      streams.map(({ sessionId }) =>
        untilServed(() => request(witness.base, "POST", "/chat", { ...next, session_id: sessionId })),
      ),
    );
    const before = await Promise.all(streams.map(({ sessionId }) => messagesOf(witness.base, sessionId)));
    server.thaw();
    // A stream ends after its server has learned from Redis that the lease is lost.
    await within(ENDS_WITHIN_MS, Promise.all(streams.map(({ closed }) => closed)));
    for (const [n, stream] of streams.entries()) {
      if (stream.end?.event !== "turn-interrupted")
        losses.push(`the end was ${stream.end?.event ?? "missing"}`);
      const after = await messagesOf(witness.base, stream.sessionId);
      if (JSON.stringify(after) !== JSON.stringify(before[n]))
        losses.push(`changed: ${JSON.stringify(after)}`);
      if (before[n]?.length !== 4) losses.push(`messages: ${JSON.stringify(before[n])}`);
      if (!before[n]?.[1]?.slice("assistant: ".length).startsWith(stream.text))
        losses.push("shown but not stored");
    }
    return { tries: turns, losses };
  });

/** SIGTERM: short turns complete in the grace time, long ones are interrupted, and every client gets an end. */
export const terminate = ({ turns }: { turns: number }): Promise<Outcome> =>
  withSystem(async (system) => {
    const witness = await system.startServer();
    // Enough for a short turn, however slow this machine is.
    const server = await system.startServer({ SHUTDOWN_GRACE_SECONDS: "8" });
    const short = askForWords(30, 10);
    const long = askForWords(10_000, 10);
    const losses: string[] = [];
    const streams: TurnStream[] = [];
    for (let n = 0; n < turns; n++) {
      streams.push(TurnStream.ask(server.base, chatRequest(`short-${n}`, short)));
      streams.push(TurnStream.ask(server.base, chatRequest(`long-${n}`, long)));
      await sleep(10);
    }
    const whole = [short, long].map(async (message, n) => {
      for (;;) {
        const ask = () => request(server.base, "POST", "/chat", chatRequest(`whole-${n}`, message));
        const answer = await ask().catch(String);
        // Redis may be too slow for the server; one that ends gives another reason.
        if (typeof answer !== "object" || answer.body.code !== "storage_unavailable") return answer;
        await sleep(250);
      }
    });
    const callsUpstream = () => system.openai.turns.length;
    while (callsUpstream() < turns * 2 + 2) await sleep(10);
    server.terminate();
    // More requests arrive while the server ends.
    const late = Array.from({ length: turns }, async (_, n) => {
      await sleep(n * 20);
      return request(server.base, "POST", "/chat", chatRequest(`late-${n}`, short)).catch(String);
    });
    const exit = await within(ENDS_WITHIN_MS, server.exited);
    if (exit.code !== 0) losses.push(`the server exited with ${exit.code ?? exit.signal}`);
    for (const stream of streams) {
      await within(ENDS_WITHIN_MS, stream.closed);
      const expected = stream.message === short ? "turn-completed" : "turn-interrupted";
      if (stream.end?.event !== expected)
        losses.push(`${stream.sessionId}: the end was ${stream.end?.event ?? "missing"}`);
    }
    losses.push(...(await lossesOfAll(witness.base, streams)));
    const [completed, interrupted] = await Promise.all(whole);
    if (typeof completed !== "object" || completed.body.status !== "completed")
      losses.push(`short, not streamed: ${JSON.stringify(completed)}`);
    if (typeof interrupted !== "object" || interrupted.body.code !== "turn_interrupted")
      losses.push(`long, not streamed: ${JSON.stringify(interrupted)}`);
    for (const answer of await Promise.all(late)) {
      // The server answers before it has received the signal, then refuses with a reason, then cannot be reached.
      if (typeof answer !== "object" || answer.body.status === "completed") continue;
      if (answer.status !== 503 || answer.retryAfter === null)
        losses.push(`late: ${answer.status} ${JSON.stringify(answer.body)}`);
    }
    return { tries: turns * 2 + 2, losses };
  });
