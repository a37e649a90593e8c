import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fromRedisVl, importHistory, MessageHistory } from "../../src/index.ts";
import { startCluster, type TestCluster } from "../cluster.ts";
import { type Connection, connectTo, matrixTargets } from "../redis.ts";

const MESSAGES = 60;

describe.each(matrixTargets("cluster"))("import with %s", (_, { client, binary }) => {
  let cluster: TestCluster;
  let redis: Connection;
  let masters: Connection[];

  beforeAll(async () => {
    cluster = await startCluster(binary);
    redis = await connectTo({ client, kind: "cluster", ports: cluster.ports });
    masters = await Promise.all(
      cluster.ports.map((port) => connectTo({ client, kind: "single", ports: [port] })),
    );
  });
  afterAll(async () => {
    for (const connection of [redis, ...(masters ?? [])]) await connection?.close();
    await cluster?.stop();
  });

  test("imports a session whose hashes are on several masters", async () => {
    const expected = Array.from({ length: MESSAGES }, (_, n) => `m${n}`);
    for (const [n, content] of expected.entries()) {
      const fields = ["role", "user", "content", content, "session_tag", "s", "timestamp", `${n + 1}.5`];
      await redis.command("HSET", `foreign:s:${n}`, "entry_id", `s:${n}`, ...fields);
    }
    const history = new MessageHistory({ client: redis.client, name: "imported" });
    const source = fromRedisVl({ client: masters.map(({ client }) => client), prefix: "foreign" });
    expect(await importHistory(history, source)).toMatchObject({ sessions: 1, added: MESSAGES });
    expect((await Array.fromAsync(history.messages("s"))).map(({ content }) => content)).toEqual(expected);
  });

  test("refuses a single client of a cluster, which would find only a part", async () => {
    const history = new MessageHistory({ client: redis.client, name: "imported" });
    const [master] = masters;
    if (master === undefined) throw new Error("the cluster has no master");
    for (const { client } of [master, redis]) {
      const work = importHistory(history, fromRedisVl({ client, prefix: "foreign" }));
      await expect(work).rejects.toThrow(TypeError);
    }
  });
});
