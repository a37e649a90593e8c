import { setTimeout as sleep } from "node:timers/promises";
import { type BeginResult, MessageHistory, Turns } from "../../../memory/src/index.ts";
import { startCluster } from "../../../memory/test/cluster.ts";
import { type Connection, connectTo } from "../../../memory/test/redis.ts";
import { startSentinel } from "../../../memory/test/sentinel.ts";
import { serverBinary } from "../../../memory/test/servers.ts";
import { ENDS_WITHIN_MS, within } from "../within.ts";
import type { Outcome } from "./outcome.ts";

const WORDS = Array.from({ length: 60 }, (_, n) => `word ${n} `);

/** A Cluster's slot moves to another node while a turn in it is written. */
export async function slotMoves({ turns }: { turns: number }): Promise<Outcome> {
  const cluster = await startCluster(serverBinary());
  const redis = await connectTo({ client: "@redis/client", kind: "cluster", ports: cluster.ports });
  try {
    const losses = await writeTurns(redis, turns, (session) =>
      cluster.moveSlotOf(`faults:{${session}}:meta`, 20),
    );
    return { tries: turns, losses };
  } finally {
    await redis.close();
    await cluster.stop();
  }
}

/** The master is killed while a turn is written, and its replica takes over. */
export async function masterFailsOver(): Promise<Outcome> {
  const sentinel = await startSentinel(serverBinary());
  const redis = await connectTo({ client: "@redis/client", kind: "sentinel", ports: sentinel.ports });
  try {
    // The replica has everything so far. A failover can lose only what was not replicated yet.
    await redis.command("SET", "faults:warm", "1");
    if ((await redis.command("WAIT", "1", "20000")) !== 1) throw new Error("there is no replica");
    return { tries: 1, losses: await writeTurns(redis, 1, () => sentinel.killMaster()) };
  } finally {
    await redis.close();
    await sentinel.stop();
  }
}

/** Writes turns one after the other, has the fault happen in each, and returns the promises that did not hold. */
async function writeTurns(
  { client, subscriber }: Connection,
  count: number,
  fault: (session: string) => Promise<void>,
): Promise<string[]> {
  const options = { client, subscriber, name: "faults" };
  const [here, elsewhere] = [new Turns(options), new Turns(options)];
  const history = new MessageHistory({ client, name: "faults" });
  const losses: string[] = [];
  for (let n = 0; n < count; n++) {
    const session = `s${n}`;
    const { writer } = await begun(here, session);
    const following = follow(elsewhere, session, writer.id);
    const faulting = sleep(100).then(() => fault(session));
    for (const word of WORDS) {
      writer.write(word);
      await sleep(10);
    }
    const ended = await within(ENDS_WITHIN_MS, writer.end("completed"));
    const shown = writer.feed.text;
    await within(ENDS_WITHIN_MS, faulting);
    // The next turn begins, at the latest when the lease has expired.
    const next = await begun(elsewhere, session);
    await next.writer.end("completed");
    const stored = await elsewhere.get(session, writer.id);
    const text = stored?.text ?? "";
    if (stored === null || stored.record.status === "running") losses.push(`${session}: no end`);
    if (!text.startsWith(shown)) losses.push(`${session}: shown but not stored`);
    if (ended.status === "completed" && shown !== WORDS.join(""))
      losses.push(`${session}: completed without all of its text`);
    if (!WORDS.join("").startsWith(text)) losses.push(`${session}: text is stored twice`);
    const followed = await within(ENDS_WITHIN_MS, following);
    if (followed !== null && followed !== text) losses.push(`${session}: a follower read other text`);
    const messages = (await Array.fromAsync(history.messages(session))).map(({ content }) => content);
    const expected = ["Hi", ...(text === "" ? [] : [text]), "Go on."];
    if (JSON.stringify(messages) !== JSON.stringify(expected))
      losses.push(`${session}: ${JSON.stringify(messages)}`);
  }
  return losses;
}

/** Begins a turn as soon as it can be begun. */
async function begun(turns: Turns, session: string): Promise<Extract<BeginResult, { kind: "begun" }>> {
  const deadline = performance.now() + ENDS_WITHIN_MS;
  for (;;) {
    const answer = await turns
      .begin(session, { content: (await turns.peek(session, PEEK)).count === 0 ? "Hi" : "Go on." })
      .catch((error: unknown) => error);
    if (typeof answer === "object" && answer !== null && "kind" in answer && answer.kind === "begun")
      return answer as Extract<BeginResult, { kind: "begun" }>;
    if (performance.now() > deadline) throw new Error(`not begun: ${JSON.stringify(answer)}`);
    await sleep(200);
  }
}

const PEEK = { history: { maxBytes: 0, window: "" } };

/** Returns all text that a follower read, or null if it lost its connection; a client would resume. */
async function follow(turns: Turns, session: string, turnId: string): Promise<string | null> {
  try {
    let text = "";
    for await (const update of (await turns.follow(session, turnId)) ?? []) {
      if (update.type === "text") text += update.text;
    }
    return text;
  } catch {
    return null;
  }
}
