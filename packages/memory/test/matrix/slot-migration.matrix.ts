import { afterAll, beforeAll, expect, test } from "vitest";
import { MessageHistory } from "../../src/index.ts";
import { startCluster, type TestCluster } from "../cluster.ts";
import { type Connection, connectTo } from "../redis.ts";
import { matrixTarget } from "./target.ts";

const SESSIONS = 4;
const MOVES = 6;
const PAUSE_MS = 100;

let cluster: TestCluster;
let redis: Connection;

beforeAll(async () => {
  const { binary, client } = matrixTarget();
  cluster = await startCluster(binary);
  redis = await connectTo({ client, kind: "cluster", ports: cluster.ports });
});
afterAll(async () => {
  await redis?.close();
  await cluster?.stop();
});

test("slots move while their sessions are written and read: nothing is lost, doubled or out of order", async () => {
  const history = new MessageHistory({ client: redis.client, name: "migration" });
  const sessions = Array.from({ length: SESSIONS }, (_, n) => `s${n}`);
  let moving = true;
  let longestMs = 0;
  let longestMoveMs = 0;
  const timed = async <T>(work: Promise<T>): Promise<T> => {
    const started = performance.now();
    const result = await work;
    longestMs = Math.max(longestMs, performance.now() - started);
    return result;
  };
  const write = async (session: string): Promise<string[]> => {
    const written: string[] = [];
    for (let n = 0; moving; n++) {
      await timed(history.addMessage(session, { role: "user", content: `${n}` }));
      written.push(`${n}`);
      const recent = await timed(history.getRecent(session, { k: 3 }));
      expect(recent.map(({ content }) => content)).toEqual(written.slice(-3));
    }
    return written;
  };
  const writers = Promise.all(sessions.map(write));
  for (let move = 0; move < MOVES; move++) {
    for (const session of sessions) {
      const started = performance.now();
      await cluster.moveSlotOf(`migration:{${session}}:messages`, PAUSE_MS);
      longestMoveMs = Math.max(longestMoveMs, performance.now() - started);
    }
  }
  moving = false;
  for (const [n, written] of (await writers).entries()) {
    expect(written.length).toBeGreaterThan(MOVES);
    const kept = await Array.fromAsync(history.messages(sessions[n] ?? ""));
    expect(kept.map(({ content }) => content)).toEqual(written);
  }
  // A call waits for the move of its slot and a retry, not for its deadline.
  expect(longestMs).toBeLessThan(longestMoveMs + 1000);
});

test("a session that begins while its slot moves is there when the slot has arrived", async () => {
  const history = new MessageHistory({ client: redis.client, name: "migration" });
  const moved = cluster.moveSlotOf("migration:{new}:messages", PAUSE_MS);
  await history.addMessage("new", { role: "user", content: "hi" });
  await moved;
  expect(await history.count("new")).toBe(1);
});
