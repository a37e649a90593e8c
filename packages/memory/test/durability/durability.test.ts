import { expect, test } from "vitest";
import { serverBinary } from "../servers.ts";
import { killRedis } from "./kill-redis.ts";
import { killWriter } from "./kill-writer.ts";

// A few each; `npm run test:durability` does it at length.
const NOTHING = { lost: 0, doubled: 0, broken: 0, disordered: 0 };

test.each(["@redis/client", "ioredis"] as const)(
  "Redis is killed under load: what it had acknowledged to %s is there, once and in order",
  { timeout: 60_000 },
  async (client) => {
    const losses = await killRedis(serverBinary(), client, 3);
    expect(losses).toMatchObject(NOTHING);
    expect(losses.acknowledged).toBeGreaterThan(0);
  },
);

test("a writer is killed at any moment: no key without a TTL, no half batch", {
  timeout: 60_000,
}, async () => {
  const remains = await killWriter(serverBinary(), 6);
  expect(remains).toMatchObject({ withoutTtl: 0, broken: 0 });
  expect(remains.sessions).toBeGreaterThan(0);
});
