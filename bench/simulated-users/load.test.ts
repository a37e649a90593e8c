import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import { RedisProcess } from "../../packages/server/test/faults/redis-process.ts";
import { ServerProcess } from "../../packages/server/test/faults/server-process.ts";
import { sizeFor } from "./sizing.ts";

const RUN = fileURLToPath(new URL("./run.ts", import.meta.url));

let redis: RedisProcess;
let server: ServerProcess;
beforeAll(async () => {
  redis = await RedisProcess.start();
  server = await ServerProcess.start({ REDIS_URL: redis.url });
  return async () => {
    await server.kill();
    await redis.stop();
  };
});

function load(url: string, ...args: string[]) {
  const child = spawn(process.execPath, [RUN, "--url", url, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => (output += data));
  const ended = new Promise<{ code: number | null; output: string }>((resolve) =>
    child.once("close", (code) => resolve({ code, output })),
  );
  return { child, ended };
}

test("prints the measurement and a forecast, and deletes its sessions", async (context) => {
  const args = ["--users", "20", "--minutes", "0.05", "--think-seconds", "0.5", "--turns", "3"];
  const { code, output } = await load(server.base, ...args).ended;
  expect(output).toMatch(/\| turns answered \| [1-9]\d* \([\d.]+ per second\) in [1-9]\d* sessions \|/);
  expect(output).toMatch(/\| time to first text, ms: median \/ p95 \/ p99 \| \d+ \/ \d+ \/ \d+ \|/);
  expect(output).toContain("| errors | none |");
  expect(code).toBe(0);
  expect(await redis.command("KEYS", "chat_history:{load-*")).toEqual([]);
  if (process.platform !== "linux") return context.skip("only Linux shows other processes");
  expect(output).toMatch(/\| Redis \| [\d.]+ cores, [\d.]+ MB: (redis|valkey)-server \(process \d+\) \|/);
  expect(output).toMatch(/\| cores for the server, a process each \| \d+ \| [\d,]+ \|/);
}, 60_000);

test("Ctrl-C ends the run early and prints what was measured", async () => {
  const { child, ended } = load(server.base, "--users", "5", "--minutes", "60", "--think-seconds", "0.2");
  // A session with three messages has an answered turn.
  const longest = async () => {
    const keys = (await redis.command("KEYS", "chat_history:{load-*}:messages")) as string[];
    return Math.max(
      0,
      ...(await Promise.all(keys.map(async (key) => Number(await redis.command("LLEN", key))))),
    );
  };
  await expect.poll(longest, { timeout: 30_000 }).toBeGreaterThanOrEqual(3);
  child.kill("SIGINT");
  const { output } = await ended;
  expect(output).toMatch(/\| turns answered \| [1-9]/);
  expect(await redis.command("KEYS", "chat_history:{load-*")).toEqual([]);
}, 60_000);

test("counts errors by their code", async () => {
  const args = ["--users", "3", "--minutes", "0.03", "--think-seconds", "0.1", "--provider", "chatgpt"];
  const { code, output } = await load(server.base, ...args).ended;
  expect(output).toMatch(/\| errors \| provider_unavailable \d+ \|/);
  expect(code).toBe(1);
}, 60_000);

test("reports a missing instance after one request, and wrong options, in a sentence", async () => {
  const asked: (string | undefined)[] = [];
  const other = createServer((request, response) => {
    asked.push(request.url);
    response.writeHead(404).end();
  }).listen(0, "127.0.0.1");
  onTestFinished(() => void other.close());
  await once(other, "listening");
  const { port } = other.address() as AddressInfo;
  const { code, output } = await load(`http://127.0.0.1:${port}`).ended;
  expect(output).toBe(`No instance answers at http://127.0.0.1:${port}/. Start it, or name it by --url.\n`);
  expect(code).toBe(1);
  expect(asked).toEqual(["/providers"]);
  const wrong = await load(server.base, "--users", "none").ended;
  expect(wrong.output).toContain("--users must be a number above 0, and at most 100000.\n\nnpm run load --");
  expect(wrong.output).not.toMatch(/\n {4}at /);
}, 60_000);

test("the forecast grows with the number of users", () => {
  const measured = {
    turnsPerUserAndSecond: 0.05,
    sessionsPerUserAndSecond: 0.01,
    openPerUser: 0.2,
    serverCpuSecondsPerTurn: 0.006,
    redisCpuSecondsPerTurn: 0.0012,
    serverBytes: 200e6,
    redisBytesPerSession: 4000,
    ttlSeconds: 3600,
  };
  expect(sizeFor(1000, measured)).toEqual({
    turnsPerSecond: 50,
    openStreams: 200,
    serverCores: 1,
    serverBytes: 200e6 + 200 * 72_000,
    sessions: 37_000,
    redisCores: 0.1,
    redisShards: 1,
    redisBytes: 37_000 * 4000 * 1.5,
  });
  expect(sizeFor(100_000, measured)).toMatchObject({
    serverCores: 50,
    redisShards: 10,
    turnsPerSecond: 5000,
  });
});
