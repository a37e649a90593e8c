import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
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
  expect(choice).toEqual({ kind: "private", binary: BINARY });
  expect(notes).toEqual(["None answers at localhost:6379: nothing listens there."]);
});

test.each([
  [
    { REDIS_HOST: "redis" },
    "away",
    "this host name is not known here",
    "None answers at redis:6379: this host name",
  ],
  [{}, "refused", "it asks for a password, and none is set", "To use it, set REDIS_PASSWORD."],
  [{}, "old", "Redis 5.0.7", "Redis 5.0.7 is older than 6.2"],
  [{}, "foreign", "what answers there is no Redis", "what answers there is no Redis"],
])("a private one in place of %j, which is %s, is explained", async (env, state, reason, note) => {
  const { choice, notes } = await choose(env, { state, reason } as Probe);
  expect(choice).toEqual({ kind: "private", binary: BINARY });
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
