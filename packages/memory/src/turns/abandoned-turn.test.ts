import { expect, onTestFinished, test } from "vitest";
import { connectNodeRedis } from "../../test/redis.ts";
import { serverBinary, startServer } from "../../test/servers.ts";
import { MemoryError, Turns } from "../index.ts";

// Much longer than the test: only the process that abandoned the turn can end it.
const LEASE_MS = 600_000;

async function interruptedTurn() {
  const server = await startServer(serverBinary(), ["--appendonly", "yes", "--appendfsync", "always"]);
  onTestFinished(() => server.stop());
  const [redis, other] = [await connectNodeRedis(server.url), await connectNodeRedis(server.url)];
  onTestFinished(async () => {
    await redis.close();
    await other.close();
  });
  const [turns, elsewhere] = [redis, other].map(
    ({ client, subscriber }) => new Turns({ client, subscriber, leaseMs: LEASE_MS, timeoutMs: 500 }),
  ) as [Turns, Turns];
  const begun = await turns.begin("s", { content: "Hi" });
  if (begun.kind !== "begun") throw new Error(begun.kind);
  const { writer } = begun;
  writer.write("So far");
  await expect.poll(() => writer.feed.text).toBe("So far");
  await server.kill();
  writer.write(" and on");
  expect(await writer.end("completed")).toEqual({ status: "interrupted", count: null });
  await server.restart();
  return { turns, elsewhere, turnId: writer.id };
}

/** Begins a turn as soon as Redis answers. */
async function beginNext(turns: Turns): Promise<string> {
  for (;;) {
    try {
      return (await turns.begin("s", { content: "Next" })).kind;
    } catch (error) {
      if (!MemoryError.isInstance(error) || error.code !== "unavailable") throw error;
    }
  }
}

test("the next turn can begin as soon as Redis answers again", async () => {
  const { turns, turnId } = await interruptedTurn();
  expect(await beginNext(turns)).toBe("begun");
  expect(await turns.get("s", turnId)).toMatchObject({ record: { status: "interrupted" }, text: "So far" });
});

test("another process sees the turn end as interrupted without waiting for its lease", async () => {
  const { elsewhere, turnId } = await interruptedTurn();
  const status = async () => (await elsewhere.get("s", turnId).catch(() => null))?.record.status;
  await expect.poll(status).toBe("interrupted");
  expect(await beginNext(elsewhere)).toBe("begun");
});
