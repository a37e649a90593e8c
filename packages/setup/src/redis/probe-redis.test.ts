import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freePort } from "../../../memory/test/free-port.ts";
import { serverBinary } from "../../../memory/test/servers.ts";
import { askRedis } from "./ask-redis.ts";
import { type PrivateRedis, startPrivateRedis } from "./private-redis.ts";
import { isNewEnough, probeRedis } from "./probe-redis.ts";

describe("a real Redis", () => {
  const folder = mkdtempSync(join(tmpdir(), "probe-"));
  let redis: PrivateRedis;
  const as = (login: string) => ({ url: `redis://${login}@127.0.0.1:${redis.port}` });

  beforeAll(async () => {
    redis = await startPrivateRedis({ binary: serverBinary(), folder, persistent: false });
  });
  afterAll(async () => {
    await redis.end();
    rmSync(folder, { recursive: true });
  });

  test("is ready, and says what it is", async () => {
    expect(await probeRedis(redis)).toEqual({
      state: "ready",
      reason: expect.stringMatching(/^(Redis|Valkey) \d+\.\d+/),
    });
  });

  test("with a password: none, a wrong one, the right one", async () => {
    await askRedis(redis, (client) => client.configSet("requirepass", "right"));
    expect(await probeRedis(redis)).toEqual({
      state: "refused",
      reason: "it asks for a password, and was given none",
    });
    const wrong = await probeRedis(as(":wrong"));
    expect(wrong).toEqual({ state: "refused", reason: "it refuses the password or the user name" });
    expect(await probeRedis(as(":right"))).toMatchObject({ state: "ready" });
    expect(await probeRedis(as("default:right"))).toMatchObject({
      state: "ready",
    });
    await askRedis(as(":right"), (client) => client.configSet("requirepass", ""));
  });

  test("spoken to by TLS, it is away, not for ever", async () => {
    expect(await probeRedis({ url: redis.url.replace("redis:", "rediss:") })).toMatchObject({
      state: "away",
    });
  });
});

test("nothing listens", async () => {
  const probe = await probeRedis({ url: `redis://127.0.0.1:${await freePort()}` });
  expect(probe).toEqual({ state: "away", reason: "nothing listens there" });
});

test("a web server is no Redis", async () => {
  const server = createServer((_, response) => response.end());
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  const probe = await probeRedis({ url: `redis://127.0.0.1:${port}` });
  server.close();
  expect(probe).toEqual({ state: "foreign", reason: "what answers there is no Redis" });
});

test.each([
  ["7.0.15", true],
  ["6.2.0", true],
  ["6.0.20", false],
  ["5.0.7", false],
  ["10.0.0", true],
  ["of unknown version", true],
])("version %s is new enough: %s", (version, expected) => {
  expect(isNewEnough(version)).toBe(expected);
});
