import { expect, test } from "vitest";
import { recordRow } from "../../../../test/row.ts";
import { times } from "../../../../test/thoroughness.ts";
import { serverBinary } from "../servers.ts";
import { killRedis } from "./kill-redis.ts";
import { killWriter } from "./kill-writer.ts";

test.for(["@redis/client", "ioredis"] as const)(
  "keeps each write that Redis acknowledged to %s, once and in order, when Redis is killed under 16 writers",
  { timeout: 300_000 },
  async (client, context) => {
    const { kills, acknowledged, ...losses } = await killRedis(serverBinary(), client, times(3, 25));
    const { lost, doubled, incomplete, disordered } = losses;
    recordRow(context, {
      kills,
      "batches acknowledged": acknowledged,
      lost,
      doubled,
      incomplete,
      "out of order": disordered,
    });
    expect(losses).toEqual({ lost: 0, doubled: 0, incomplete: 0, disordered: 0 });
  },
);

test("leaves no key without a TTL and no incomplete batch when the writing process is killed", {
  timeout: 300_000,
}, async (context) => {
  const { kills, sessions, withoutTtl, incomplete } = await killWriter(serverBinary(), times(6, 100));
  recordRow(context, {
    kills,
    "sessions left": sessions,
    "keys without a TTL": withoutTtl,
    "incomplete batches": incomplete,
  });
  expect({ withoutTtl, incomplete }).toEqual({ withoutTtl: 0, incomplete: 0 });
  expect(sessions).toBeGreaterThan(0);
});
