import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freePort } from "./ports.mjs";
import { startPrivateRedis } from "./private-redis.mjs";
import { isNewEnough, probeRedis } from "./probe-redis.mjs";
import { obtainRedis } from "./redis-binary.mjs";
import { askRedis } from "./resp.mjs";
import { createTerminal } from "./terminal.mjs";

describe("a real Redis", () => {
  const folder = mkdtempSync(join(tmpdir(), "probe-"));
  /** @type {import("./private-redis.mjs").PrivateRedis} */
  let redis;
  /** @type {{ host: string, port: number }} */
  let address;

  beforeAll(async () => {
    const { path } = await obtainRedis({ terminal: createTerminal() });
    redis = await startPrivateRedis({ binary: path, folder, persistent: false });
    address = { host: "127.0.0.1", port: redis.port };
  });
  afterAll(async () => {
    await redis.end();
    rmSync(folder, { recursive: true });
  });

  test("is ready, and says what it is", async () => {
    expect(await probeRedis(address)).toEqual({
      state: "ready",
      reason: expect.stringMatching(/^(Redis|Valkey) \d+\.\d+/),
    });
  });

  test("a password where none is set is refused in words", async () => {
    expect(await probeRedis({ ...address, password: "pw" })).toEqual({
      state: "refused",
      reason: "it has no password set, so it refuses the one that it is given",
    });
  });

  test("with a password: none, a wrong one, the right one", async () => {
    await askRedis(address, [["CONFIG", "SET", "requirepass", "right"]], 3_000);
    expect(await probeRedis(address)).toEqual({
      state: "refused",
      reason: "it asks for a password, and none is set",
    });
    const wrong = await probeRedis({ ...address, password: "wrong" });
    expect(wrong).toEqual({ state: "refused", reason: "it refuses the password or the user name" });
    expect(await probeRedis({ ...address, password: "right" })).toMatchObject({ state: "ready" });
    expect(await probeRedis({ ...address, username: "default", password: "right" })).toMatchObject({
      state: "ready",
    });
    await askRedis({ ...address, password: "right" }, [["CONFIG", "SET", "requirepass", ""]], 3_000);
  });

  test("spoken to by TLS, it is away, not for ever", async () => {
    expect(await probeRedis({ ...address, tls: true })).toMatchObject({ state: "away" });
  });
});

test("nothing listens", async () => {
  const probe = await probeRedis({ host: "127.0.0.1", port: await freePort() });
  expect(probe).toEqual({ state: "away", reason: "nothing listens there" });
});

test("a web server is no Redis", async () => {
  const server = createServer((_, response) => response.end());
  const port = await freePort();
  await new Promise((done) => server.listen(port, "127.0.0.1", () => done(undefined)));
  const probe = await probeRedis({ host: "127.0.0.1", port });
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
