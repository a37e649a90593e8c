import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { BrowserContextOptions, Page } from "playwright-core";
import { endWithUs } from "../packages/memory/test/end-with-us.ts";
import { freePort } from "../packages/memory/test/free-port.ts";
import { connectNodeRedis } from "../packages/memory/test/redis.ts";
import { startFakeOllama } from "../packages/server/test/fakes/ollama.ts";
import { startFakeOpenAi } from "../packages/server/test/fakes/openai.ts";
import { launchBrowser } from "./browser.ts";

const MAIN = fileURLToPath(new URL("../packages/server/src/main.ts", import.meta.url));
const STARTS_WITHIN_MS = 60_000;

/** A Redis database for each worker, so that files that run side by side do not see each other's sessions. */
function redisUrl(): string {
  const url = process.env.TEST_REDIS_URL;
  if (!url)
    throw new Error("TEST_REDIS_URL is not set: run the tests with `npm test`, or name a Redis to test on.");
  return new URL(`/${1 + (Number(process.env.VITEST_POOL_ID ?? 0) % 14)}`, url).href;
}

type Variables = Readonly<Record<string, string>>;
/** What the server is configured by, beside what all have; a function where it depends on the page's address. */
type Environment = Variables | ((url: string) => Promise<Variables>);

/**
 * The product as a user has it: the production entry point in a process of its own, the built page, a real Redis and a
 * real browser. Only the two providers that cannot be had here are played, by servers that speak their wire.
 */
export async function startStack(env: Environment = {}) {
  // First: where there is none, nothing is left that keeps the test run from its end.
  const browser = await launchBrowser();
  const openai = await startFakeOpenAi();
  const ollama = await startFakeOllama();
  const [port, webPort] = await Promise.all([freePort(), freePort()]);
  // Not the tests' environment: a key that is set there must not be used.
  const variables = {
    ...pick(process.env, ["PATH", "HOME", "XDG_CACHE_HOME", "LOCALAPPDATA", "NODE_COMPILE_CACHE"]),
    REDIS_URL: redisUrl(),
    PORT: String(port),
    WEB_PORT: String(webPort),
    OPENAI_API_KEY: "sk-of-the-browser-tests",
    OPENAI_BASE_URL: openai.url,
    OLLAMA_BASE_URL: ollama.url,
    EMBEDDED_MODEL: "none",
    EMBEDDING_MODEL: "none",
    ...(typeof env === "function" ? await env(`http://localhost:${webPort}`) : env),
  };
  // What a run that was killed has left.
  await emptyDatabase();
  let server = await startServer(variables);

  return {
    openai,
    ollama,
    /** Kills the server. */
    kill: () => end(server, "SIGKILL"),
    /** Starts it again, where it was. */
    restart: async (): Promise<void> => {
      server = await startServer(variables);
    },
    redisUrl: redisUrl(),
    api: `http://localhost:${port}`,
    url: `http://localhost:${webPort}`,
    /** Sends JSON to the API, behind the page's back. */
    send: (method: "POST" | "PATCH", path: string, body: unknown): Promise<Response> =>
      fetch(`http://localhost:${port}${path}`, {
        method,
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      }),
    /** A page in a browser that has seen nothing yet. */
    open: async (options: BrowserContextOptions = {}): Promise<Page> => {
      const context = await browser.newContext(options);
      const page = await context.newPage();
      page.setDefaultTimeout(60_000);
      await page.goto(`http://localhost:${webPort}`);
      return page;
    },
    stop: async (): Promise<void> => {
      await browser.close();
      await end(server, "SIGTERM");
      await Promise.all([openai.close(), ollama.close()]);
      await emptyDatabase();
    },
  };
}

export type Stack = Awaited<ReturnType<typeof startStack>>;

async function emptyDatabase(): Promise<void> {
  const redis = await connectNodeRedis(redisUrl());
  await redis.command("FLUSHDB");
  await redis.close();
}

async function startServer(env: Variables): Promise<ChildProcess> {
  const server = spawn(process.execPath, [MAIN], { stdio: ["ignore", "pipe", "inherit"], env });
  endWithUs(server);
  const lines: string[] = [];
  const output = createInterface({ input: server.stdout ?? process.stdin });
  await new Promise<void>((resolve, reject) => {
    const fail = (why: string) =>
      reject(new Error(`The server did not start (${why}):\n${lines.join("\n")}`));
    const timer = setTimeout(() => fail("too slow"), STARTS_WITHIN_MS);
    server.once("exit", (code) => fail(`exit code ${code}`));
    output.on("line", (line) => {
      lines.push(line);
      if (!line.includes('"msg":"ready"')) return;
      clearTimeout(timer);
      resolve();
    });
  });
  return server;
}

async function end(server: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const ended = once(server, "exit");
  server.kill(signal);
  await ended;
}

const pick = (from: NodeJS.ProcessEnv, names: readonly string[]): Record<string, string> =>
  Object.fromEntries(names.flatMap((name) => (from[name] === undefined ? [] : [[name, from[name]]])));
