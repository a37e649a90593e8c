import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { MessageHistory } from "../src/index.ts";
import { ownRedis } from "./own-redis.ts";

const COMMAND = fileURLToPath(new URL("../bin/redis-memory.ts", import.meta.url));

const own = ownRedis();

async function run(args: readonly string[], interruptAfter?: string) {
  const child = spawn(process.execPath, [COMMAND, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  const [code, out, error] = await Promise.all([
    once(child, "exit").then(([code]) => code as number),
    text(child.stdout),
    (async () => {
      let all = "";
      for await (const piece of child.stderr.setEncoding("utf8")) {
        all += piece;
        if (interruptAfter === undefined || !all.includes(interruptAfter)) continue;
        child.kill("SIGINT");
        interruptAfter = undefined;
      }
      return all;
    })(),
  ]);
  return { code, out, error };
}

const human = (content: string) => JSON.stringify({ type: "human", data: { content } });

test("imports, says what it did, and does nothing twice", async () => {
  await own.redis.command("LPUSH", "message_store:s", human("one"), human("two"));
  const args = ["import", "--from", "langchain-python", "--url", own.server.url];
  const options = ["--ttl-seconds", "600", "--name", "kept", "--owner", "alice"];
  const first = await run([...args, ...options]);
  expect(first).toMatchObject({ code: 0, out: "1 sessions: 2 messages added, 0 there already.\n" });
  const history = new MessageHistory({ client: own.redis.client, name: "kept", owner: "alice" });
  expect((await history.getRecent("s")).map(({ content }) => content)).toEqual(["one", "two"]);
  expect(await history.info("s")).toMatchObject({ ttlSeconds: 600 });
  expect((await run([...args, ...options])).out).toBe("1 sessions: 0 messages added, 2 there already.\n");
});

// So many that it cannot be done before it is interrupted: on a busy machine that takes its time.
test("an interrupted import says so and ends; the next run continues", { timeout: 60_000 }, async () => {
  for (let session = 0; session < 60; session++) {
    const lines = Array.from({ length: 600 }, (_, n) => human(`${n}`));
    await own.redis.command("LPUSH", `message_store:${session}`, ...lines);
  }
  const args = ["import", "--from", "langchain-python", "--url", own.server.url, "--ttl-seconds", "600"];
  const stopped = await run(args, "0 of 60 sessions");
  expect(stopped).toMatchObject({ code: 130 });
  expect(stopped.error).toMatch(/Interrupted after \d+ messages/);
  const finished = await run(args);
  expect(finished.out).toMatch(/^60 sessions: \d+ messages added, [1-9]\d* there already/);
  const history = new MessageHistory({ client: own.redis.client });
  for (const session of ["0", "30", "59"]) expect(await history.count(session)).toBe(600);
});

test.each<[string, string[], string]>([
  ["no layout", ["import", "--url", "redis://x"], "--ttl-seconds"],
  [
    "an unknown layout",
    ["import", "--url", "redis://x", "--ttl-seconds", "5", "--from", "x"],
    "--from must be",
  ],
  [
    "RedisVL without a prefix",
    ["import", "--url", "x", "--ttl-seconds", "5", "--from", "redisvl"],
    "--prefix",
  ],
  ["an unknown option", ["import", "--nonsense"], "nonsense"],
  ["another command", ["export"], "The command is: import"],
])("refuses %s, and says what is right", async (_, args, words) => {
  const { code, error } = await run(args);
  expect(code).toBe(2);
  expect(error).toContain(words);
  expect(error).not.toContain("    at ");
});

test("a Redis that is not there: which one, and no password", async () => {
  const url = "redis://user:secret@127.0.0.1:1/0";
  const args = ["import", "--from", "langchain-js", "--url", url, "--ttl-seconds", "5"];
  const { code, error } = await run(args);
  expect(code).toBe(1);
  expect(error).toContain("127.0.0.1:1");
  expect(error).not.toContain("secret");
});

test("explains itself", async () => {
  expect(await run(["--help"])).toMatchObject({ code: 0, out: expect.stringContaining("--from LAYOUT") });
});
