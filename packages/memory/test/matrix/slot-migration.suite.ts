import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { MessageHistory } from "../../src/index.ts";
import { startCluster, type TestCluster } from "../cluster.ts";
import { type Connection, connectTo, matrixTargets } from "../redis.ts";

const SESSIONS = 4;
const MOVES = 6;
const PAUSE_MS = 100;

describe.each(matrixTargets("cluster"))("slot migration with %s", (_, { client, binary }) => {
  let cluster: TestCluster;
  let redis: Connection;

  beforeAll(async () => {
    cluster = await startCluster(binary);
    redis = await connectTo({ client, kind: "cluster", ports: cluster.ports });
  });
  afterAll(async () => {
    await redis?.close();
    await cluster?.stop();
  });

  test("loses, doubles and reorders nothing while the slots of written sessions move", async () => {
    const history = new MessageHistory({ client: redis.client, name: "migration" });
    const sessions = Array.from({ length: SESSIONS }, (_, n) => `s${n}`);
    let moving = true;
    const write = async (session: string): Promise<string[]> => {
      const written: string[] = [];
      for (let n = 0; moving; n++) {
        await history.addMessage(session, { role: "user", content: `${n}` });
        written.push(`${n}`);
        const recent = await history.getRecent(session, { k: 3 });
        expect(recent.map(({ content }) => content)).toEqual(written.slice(-3));
      }
      return written;
    };
    const writers = Promise.all(sessions.map(write));
    for (let move = 0; move < MOVES; move++) {
      for (const session of sessions) {
        await cluster.moveSlotOf(`migration:{${session}}:messages`, PAUSE_MS);
      }
    }
    moving = false;
    for (const [n, written] of (await writers).entries()) {
      expect(written.length).toBeGreaterThan(MOVES);
      const kept = await Array.fromAsync(history.messages(sessions[n] ?? ""));
      expect(kept.map(({ content }) => content)).toEqual(written);
    }
  });

  test("keeps a session that begins while its slot moves", async () => {
    const history = new MessageHistory({ client: redis.client, name: "migration" });
    const moved = cluster.moveSlotOf("migration:{new}:messages", PAUSE_MS);
    await history.addMessage("new", { role: "user", content: "hi" });
    await moved;
    expect(await history.count("new")).toBe(1);
  });
});
