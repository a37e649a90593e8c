import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Redis } from "ioredis";
import { createResumableStreamContext } from "resumable-stream/ioredis";
import { expect, test } from "vitest";
import { recordRow } from "../../../../test/row.ts";
import { MessageHistory, Turns } from "../../src/index.ts";
import { ownRedis } from "../own-redis.ts";

const PROGRAM = fileURLToPath(new URL("./stream-words.ts", import.meta.url));
const KILLS = 6;

const own = ownRedis();

/** Lets a process stream an answer, kills it, and returns what its client was shown. */
async function showAndKill(way: string, id: string): Promise<string> {
  const child = spawn(process.execPath, [PROGRAM, own.server.url, way, id], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let shown = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    shown += text;
  });
  const closed = once(child, "close");
  await Promise.race([once(child.stdout, "data"), closed]);
  await sleep(500 * Math.random());
  child.kill("SIGKILL");
  await closed;
  expect(shown).not.toBe("");
  return shown;
}

/** What another process gets of a turn, to its end. */
async function follow(id: string): Promise<string> {
  const { client, subscriber } = own.redis;
  const turns = new Turns({ client, subscriber, leaseMs: 500 });
  const turnId = (await new MessageHistory({ client }).info(id))?.runningTurnId ?? "";
  let text = "";
  for await (const update of (await turns.follow(id, turnId)) ?? []) {
    if (update.type === "text") text += update.text;
    if (update.type === "end") expect(update.outcome.status).toBe("interrupted");
  }
  return text;
}

/** What another process gets of a stream, until it is told that there is no more to come. */
async function resume(id: string): Promise<string> {
  const [publisher, subscriber] = [new Redis(own.server.url), new Redis(own.server.url)];
  let text = "";
  try {
    const context = createResumableStreamContext({ waitUntil: null, publisher, subscriber });
    for await (const piece of (await context.resumeExistingStream(id)) ?? []) text += piece;
  } catch (error) {
    if (!(error instanceof Error && error.message.includes("Timeout waiting for ack"))) throw error;
  } finally {
    publisher.disconnect();
    subscriber.disconnect();
  }
  return text;
}

test("a writer's process: keeps all that was shown when it is killed (SIGKILL), in Turns", async (context) => {
  let losses = 0;
  for (let n = 0; n < KILLS; n++) {
    const shown = await showAndKill("turns", `turn-${n}`);
    const text = await follow(`turn-${n}`);
    if (!text.startsWith(shown)) losses++;
    const [, answer] = await new MessageHistory({ client: own.redis.client }).getRecent(`turn-${n}`);
    expect(answer?.content).toBe(text);
  }
  recordRow(context, { tries: KILLS, losses });
  expect(losses).toBe(0);
});

// Not of this library: measured for comparison, so it fails only if nothing was shown.
test("a writer's process, for comparison: the same with resumable-stream", async (context) => {
  let losses = 0;
  for (let n = 0; n < KILLS; n++) {
    const shown = await showAndKill("resumable-stream", `stream-${n}`);
    if (!(await resume(`stream-${n}`)).startsWith(shown)) losses++;
  }
  recordRow(context, { tries: KILLS, losses });
});
