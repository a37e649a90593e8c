import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { freePort } from "../../../memory/test/free-port.ts";
import { createTerminal } from "../../base/terminal.mjs";
import { chooseRedis } from "./choose-redis.ts";
import type { Probe } from "./probe-redis.ts";

const BINARY = { path: "/usr/bin/redis-server", name: "redis-server 7.0.15" };
const { signal } = new AbortController();

async function choose(env: NodeJS.ProcessEnv, found: Probe) {
  const notes: string[] = [];
  const terminal = { ...createTerminal(), note: (_name: string, text: string) => void notes.push(text) };
  const choice = await chooseRedis(
    env,
    join(tmpdir(), "no-such-data"),
    { terminal, signal },
    { probe: async () => found, obtain: async () => BINARY },
  );
  return { choice, notes };
}

test("one that answers is used, and is said", async () => {
  const { choice, notes } = await choose({}, { state: "ready", reason: "Redis 8.0.0" });
  expect(choice).toEqual({ kind: "running", said: "Redis 8.0.0 at localhost:6379" });
  expect(notes).toEqual([]);
});

test("where none answers, that is said and a private one is started", async () => {
  const { choice, notes } = await choose({}, { state: "away", reason: "nothing listens there" });
  expect(choice).toEqual({ kind: "private", binary: BINARY, port: 6379 });
  expect(notes).toEqual(["None answers at localhost:6379: nothing listens there."]);
});

test.each(["localhost", "127.0.0.1"])(
  "where none answers at a named port of %s, a private one is started there",
  async (host) => {
    const port = await freePort();
    const env = { REDIS_HOST: host, REDIS_PORT: `${port}` };
    const { choice } = await choose(env, { state: "away", reason: "nothing listens there" });
    expect(choice).toEqual({ kind: "private", binary: BINARY, port });
  },
);

test("where another program has the named port, that is an error", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  onTestFinished(() => void other.close());
  const { port } = other.address() as AddressInfo;
  const choosing = choose({ REDIS_PORT: `${port}` }, { state: "foreign", reason: "it is no Redis" });
  await expect(choosing).rejects.toThrow(
    `No Redis answers at localhost:${port}, which REDIS_PORT names: it is no Redis. Start it, correct REDIS_PORT, or remove it`,
  );
});

test.each([
  [{}, "refused", "it asks for a password, and was given none", "To use it, set REDIS_PASSWORD."],
  [{}, "old", "Redis 5.0.7", "Redis 5.0.7 is older than 6.2"],
  [{}, "foreign", "what answers there is no Redis", "what answers there is no Redis"],
])("a private one in place of %j, which is %s, is explained", async (env, state, reason, note) => {
  const { choice, notes } = await choose(env, { state, reason } as Probe);
  expect(choice).toEqual({ kind: "private", binary: BINARY, port: 6379 });
  expect(notes).toEqual([expect.stringContaining(note)]);
});

test.each([
  [{ REDIS_URL: "redis://:secret@host" }, "refused", "it refuses the password", "Correct REDIS_URL"],
  [{ REDIS_PASSWORD: "secret" }, "refused", "it refuses the password", "Correct REDIS_PASSWORD"],
  [
    { REDIS_URL: "redis://host" },
    "away",
    "nothing listens there",
    "Start it, correct REDIS_URL, or remove it",
  ],
  [{ REDIS_HOST: "redis" }, "away", "its name is not known", "Start it, correct REDIS_HOST, or remove it"],
  // A private one listens on 127.0.0.1 only.
  [{ REDIS_HOST: "::1" }, "away", "nothing listens there", "at [::1]:6379, which REDIS_HOST names"],
  [{ REDIS_URL: "redis://host" }, "old", "Redis 5.0.7", "6.2 or newer is needed"],
  [{ REDIS_HOST: "host" }, "old", "Redis 5.0.7", "6.2 or newer is needed"],
])("%j, which is %s, is an error", async (env, state, reason, message) => {
  const choosing = choose(env, { state, reason } as Probe);
  await expect(choosing).rejects.toThrow(message);
  await expect(choosing).rejects.not.toThrow("secret");
});

test("a form that only the server knows is left to it", async () => {
  const { choice } = await choose({ REDIS_URL: "redis+sentinel://a:1,b:2" }, { state: "away", reason: "" });
  expect(choice).toEqual({ kind: "running", said: "as the environment says" });
});
