import { setTimeout as sleep } from "node:timers/promises";
import { type BeginResult, MessageHistory, Turns } from "../../../memory/src/index.ts";
import { startCluster } from "../../../memory/test/cluster.ts";
import { type Connection, connectTo } from "../../../memory/test/redis.ts";
import { startSentinel } from "../../../memory/test/sentinel.ts";
import { serverBinary } from "../../../memory/test/servers.ts";
import { within } from "../within.ts";
import type { Outcome } from "./outcome.ts";

const WORDS = Array.from({ length: 60 }, (_, n) => `word ${n} `);
const ENDS_WITHIN_MS = 30_000;

/** A slot of a Cluster moves to another node while a turn in it is written. */
export async function slotMoves({ turns: tries }: { turns: number }): Promise<Outcome> {
  const cluster = await startCluster(serverBinary());
  const redis = await connectTo({ client: "@redis/client", kind: "cluster", ports: cluster.ports });
  try {
    const losses = await writeWhile(redis, tries, (session) =>
      cluster.moveSlotOf(`faults:{${session}}:meta`, 20),
    );
    return { fault: "a Cluster's slot moves in mid-turn", tries, losses };
  } finally {
    await redis.close();
    await cluster.stop();
  }
}

/** The master dies (-9) in mid-turn, and its replica takes over. */
export async function masterFailsOver(): Promise<Outcome> {
  const sentinel = await startSentinel(serverBinary());
  const redis = await connectTo({ client: "@redis/client", kind: "sentinel", ports: sentinel.ports });
  try {
    // The replica has all that there is: what a failover can lose is what it was not sent yet.
    await redis.command("SET", "faults:warm", "1");
    if ((await redis.command("WAIT", "1", "20000")) !== 1) throw new Error("there is no replica");
    const losses = await writeWhile(redis, 1, () => sentinel.killMaster());
    return { fault: "the master dies (-9) in mid-turn, a replica takes over", tries: 1, losses };
  } finally {
    await redis.close();
    await sentinel.stop();
  }
}

async function writeWhile(
  { client, subscriber }: Connection,
  tries: number,
  fault: (session: string) => Promise<void>,
): Promise<string[]> {
  const options = { client, subscriber, name: "faults" };
  const [here, elsewhere] = [new Turns(options), new Turns(options)];
  const history = new MessageHistory({ client, name: "faults" });
  const losses: string[] = [];
  for (let n = 0; n < tries; n++) {
    const session = `s${n}`;
    const { writer } = await begun(here, session);
    const following = follow(elsewhere, session, writer.id);
    const striking = sleep(100).then(() => fault(session));
    for (const word of WORDS) {
      writer.write(word);
      await sleep(10);
    }
    const told = await within(ENDS_WITHIN_MS, writer.end("completed"));
    const shown = writer.feed.text;
    await within(ENDS_WITHIN_MS, striking);
    // The session goes on, at the latest when a lease has run out.
    const next = await begun(elsewhere, session);
    await next.writer.end("completed");
    const kept = await elsewhere.get(session, writer.id);
    if (kept === null || kept.record.status === "running") losses.push(`${session}: no end`);
    if (!kept?.text.startsWith(shown)) losses.push(`${session}: shown but not stored`);
    if (told.status === "completed" && shown !== WORDS.join(""))
      losses.push(`${session}: completed, not whole`);
    if (!WORDS.join("").startsWith(kept?.text ?? "")) losses.push(`${session}: something is there twice`);
    const followed = await within(ENDS_WITHIN_MS, following);
    if (followed !== null && followed !== kept?.text)
      losses.push(`${session}: who followed saw something else`);
    const messages = (await Array.fromAsync(history.messages(session))).map(({ content }) => content);
    const due = ["Hi", ...(kept?.text ? [kept.text] : []), "Go on."];
    if (JSON.stringify(messages) !== JSON.stringify(due))
      losses.push(`${session}: ${JSON.stringify(messages)}`);
  }
  return losses;
}

/** Begins a turn as soon as that can be done. */
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

/** All that somebody elsewhere saw, or null where he lost touch with Redis: he would come back with his last id. */
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
