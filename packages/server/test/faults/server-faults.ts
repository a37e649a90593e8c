import { setTimeout as sleep } from "node:timers/promises";
import { within } from "../within.ts";
import type { Outcome } from "./outcome.ts";
import { endedTurn, lossesOf, lossesOfAll, messagesOf, request } from "./proof.ts";
import { onStage } from "./stage.ts";
import { type Asking, TurnStream } from "./turn-stream.ts";

const ENDS_WITHIN_MS = 15_000;

const answerOf = (words: number, delayMs: number) => `fake ${JSON.stringify({ words, delayMs })}`;

const asking = (session_id: string, message: string): Asking => ({
  message,
  mode: "stateful",
  provider: "chatgpt",
  session_id,
});

/**
 * Begins turns a few milliseconds after one another, so that a fault meets each in another phase. Resolves when
 * one half of them is being answered, and the other about to be.
 */
export async function staggered(
  base: string,
  name: string,
  count: number,
  message: string,
  everyMs: number,
): Promise<TurnStream[]> {
  // The first turn of a server takes longer than all that follow.
  await TurnStream.ask(base, asking(`${name}-warm`, answerOf(1, 0))).over;
  const streams: TurnStream[] = [];
  for (let n = 0; n < count; n++) {
    streams.push(TurnStream.ask(base, asking(`${name}-${n}`, message)));
    await sleep(everyMs);
  }
  await streams[Math.floor(count / 2)]?.seen(3);
  return streams;
}

/** SIGKILL when the client has seen so many events, for each number there is. */
export const killAtEachToken = ({ tokens }: { tokens: number }): Promise<Outcome> =>
  onStage(async (stage) => {
    const witness = await stage.server();
    const question = answerOf(tokens, 10);
    const proofs: Promise<string[]>[] = [];
    for (let index = 0; index <= tokens; index++) {
      const server = await stage.server();
      const seen = TurnStream.ask(server.base, asking(`s${index}`, question));
      await seen.seen(1);
      const elsewhere = TurnStream.resume(witness.base, `s${index}`, seen.turnId ?? "");
      await seen.seen(index + 1);
      await server.kill();
      await seen.over;
      const proof = async () => {
        await within(ENDS_WITHIN_MS, elsewhere.over);
        const told = elsewhere.end === undefined ? ["who followed elsewhere was told no end"] : [];
        const here = await lossesOf(witness.base, seen);
        if (elsewhere.text !== elsewhere.end?.data.response) told.push("who followed elsewhere lost text");
        if (!elsewhere.text.startsWith(seen.text)) told.push("who followed elsewhere saw less");
        return [...told, ...here];
      };
      proofs.push(proof());
    }
    const losses = (await Promise.all(proofs)).flat();
    return { fault: "server killed (-9) at each token of an answer", tries: tokens + 1, losses };
  });

/** SIGKILL while many turns run, each in another phase. */
export const killUnderLoad = ({ rounds, turns }: { rounds: number; turns: number }): Promise<Outcome> =>
  onStage(async (stage) => {
    const witness = await stage.server();
    const question = answerOf(60, 10);
    const losses: string[] = [];
    for (let round = 0; round < rounds; round++) {
      const server = await stage.server();
      const streams = await staggered(server.base, `r${round}`, turns, question, 15);
      await server.kill();
      await Promise.all(streams.map(({ over }) => over));
      losses.push(...(await lossesOfAll(witness.base, streams)));
    }
    return { fault: "server killed (-9) with turns in every phase", tries: rounds * turns, losses };
  });

/** SIGSTOP past the lease, then SIGCONT: what came after is not touched. */
export const freezePastLease = ({ turns }: { turns: number }): Promise<Outcome> =>
  onStage(async (stage) => {
    const witness = await stage.server();
    const server = await stage.server();
    const question = answerOf(1000, 10);
    const streams = await staggered(server.base, "f", turns, question, 5);
    await Promise.all(streams.map((seen) => seen.seen(2)));
    server.freeze();
    // lossesOf waits for the end, and has the next turn answered by the witness.
    const losses = (
      await Promise.all(
        streams.map(async (seen, n) => {
          // Frozen with all the rest, the stream has neither ended nor gone on.
          const shown = seen.text;
          if (seen.turnId === undefined) return [`not begun: ${seen.status} ${JSON.stringify(seen.problem)}`];
          const { response, status } = await endedTurn(witness.base, `f-${n}`, seen.turnId);
          const kept = response.startsWith(shown) ? [] : ["shown but not stored"];
          return status === "interrupted" ? kept : [...kept, `ended as ${status}`];
        }),
      )
    ).flat();
    const next = { message: "Go on.", mode: "stateful", provider: "mirror" };
    await Promise.all(
      streams.map((_, n) => request(witness.base, "POST", "/chat", { ...next, session_id: `f-${n}` })),
    );
    const before = await Promise.all(streams.map((_, n) => messagesOf(witness.base, `f-${n}`)));
    server.thaw();
    await within(ENDS_WITHIN_MS, Promise.all(streams.map(({ over }) => over)));
    await sleep(1000);
    for (const [n, seen] of streams.entries()) {
      if (seen.end?.event !== "turn-interrupted") losses.push(`told ${seen.end?.event ?? "no end"}`);
      const after = await messagesOf(witness.base, `f-${n}`);
      if (JSON.stringify(after) !== JSON.stringify(before[n]))
        losses.push(`changed: ${JSON.stringify(after)}`);
      if (before[n]?.length !== 4) losses.push(`messages: ${JSON.stringify(before[n])}`);
      if (!before[n]?.[1]?.slice("assistant: ".length).startsWith(seen.text))
        losses.push("shown but not stored");
    }
    return { fault: "server frozen past its lease, then thawed", tries: turns, losses };
  });

/** SIGTERM: short turns finish in the grace time, long ones are interrupted, and everybody is told. */
export const terminate = ({ turns }: { turns: number }): Promise<Outcome> =>
  onStage(async (stage) => {
    const witness = await stage.server();
    const server = await stage.server({ SHUTDOWN_GRACE_SECONDS: "3" });
    const short = answerOf(30, 10);
    const long = answerOf(10_000, 10);
    const losses: string[] = [];
    const streams: TurnStream[] = [];
    for (let n = 0; n < turns; n++) {
      streams.push(TurnStream.ask(server.base, asking(`short-${n}`, short)));
      streams.push(TurnStream.ask(server.base, asking(`long-${n}`, long)));
      await sleep(10);
    }
    const whole = [short, long].map((message, n) =>
      request(server.base, "POST", "/chat", asking(`whole-${n}`, message)).catch(String),
    );
    const asked = () => stage.openai.requests.filter(({ method }) => method === "POST").length;
    while (asked() < turns * 2 + 2) await sleep(10);
    server.terminate();
    // More arrive while it ends.
    const late = Array.from({ length: turns }, async (_, n) => {
      await sleep(n * 20);
      return request(server.base, "POST", "/chat", asking(`late-${n}`, short)).catch(String);
    });
    const exit = await within(ENDS_WITHIN_MS, server.exited);
    if (exit.code !== 0) losses.push(`the server ended with ${exit.code ?? exit.signal}`);
    for (const seen of streams) {
      await within(1000, seen.over);
      const due = seen.question === short ? "turn-completed" : "turn-interrupted";
      if (seen.end?.event !== due) losses.push(`${seen.sessionId}: told ${seen.end?.event ?? "no end"}`);
    }
    losses.push(...(await lossesOfAll(witness.base, streams)));
    const [completed, interrupted] = await Promise.all(whole);
    if (typeof completed !== "object" || completed.body.status !== "completed")
      losses.push(`short, whole: ${JSON.stringify(completed)}`);
    if (typeof interrupted !== "object" || interrupted.body.code !== "turn_interrupted")
      losses.push(`long, whole: ${JSON.stringify(interrupted)}`);
    for (const answer of await Promise.all(late)) {
      // Answered whole by a server that had not heard yet; refused with a reason while it ends; then not reached.
      if (typeof answer !== "object" || answer.body.status === "completed") continue;
      if (answer.status !== 503 || answer.retryAfter === null)
        losses.push(`late: ${answer.status} ${JSON.stringify(answer.body)}`);
    }
    return { fault: "server asked to end (SIGTERM) in mid-turn", tries: turns * 2 + 2, losses };
  });
