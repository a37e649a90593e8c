import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { endWithUs } from "../../packages/memory/test/end-with-us.ts";
import { freePort } from "../../packages/memory/test/free-port.ts";
import { percentile } from "../load.ts";
import { topShares } from "../profile.ts";
import { listenerOf } from "../simulated-users/machine.ts";
import type { Programs } from "./programs.ts";
import { atMost, fixed, type TurnTable } from "./table.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const STARTS = 5;
const IDLE_MS = 30_000;
/** The first start fetches packages. */
const READY_MS = 5 * 60_000;
const BARE_SERVER = "require('node:http').createServer().listen(0, '127.0.0.1')";

/** In bytes. Of the pages that processes share, such as Node.js itself, `proportional` has this one's share. */
interface Memory {
  readonly resident: number;
  readonly proportional: number;
  /** What the resident memory holds, with shares. */
  readonly places: readonly string[];
}

interface Starts {
  readonly seconds: readonly number[];
  readonly idle: Memory;
  /** That of a server of Node.js alone, which runs at the same time. */
  readonly bareIdle: Memory;
}

/**
 * Starts this commit by `npm start` in a clone, on a Redis of its own. Run it before this process is pinned: a start uses
 * all cores. Undefined, with a message, where that fails.
 */
export async function measureStarts(): Promise<Starts | undefined> {
  const folder = mkdtempSync(join(tmpdir(), "bench-start-"));
  // The folder goes too if this process is interrupted while nothing runs in it.
  const guard = spawn("cat", { stdio: ["pipe", "ignore", "ignore"] });
  endWithUs(guard, folder);
  try {
    execFileSync("git", ["clone", "--quiet", ROOT, folder]);
    // The first start installs the packages, builds the page and compiles the code.
    await (await Start.of(folder)).end();
    const seconds: number[] = [];
    for (let n = 0; n < STARTS; n++) {
      const one = await Start.of(folder);
      seconds.push(one.seconds);
      await one.end();
    }
    return { seconds, ...(await idleMemory(folder)) };
  } catch (error) {
    console.error(`npm start is not measured. ${error}`);
    return undefined;
  } finally {
    rmSync(folder, { recursive: true, force: true });
    guard.kill();
  }
}

/** Prints the rows of a start and of an idle server. */
export function startRows(starts: Starts | undefined, { products }: Programs, table: TurnTable): void {
  if (!starts) return;
  const { seconds, idle, bareIdle } = starts;
  const row = (what: string, figure: number, max: number, digits: number) =>
    table.row(what, new Map([[products[0].title, figure]]), { bar: atMost(max), show: fixed(digits) });
  row("second `npm start` until it is ready, s", percentile(seconds, 0.5), 1.5, 2);
  for (const kind of ["resident", "proportional"] as const) {
    const bare = (bareIdle[kind] / 1e6).toFixed(0);
    const what = `memory of a server idle for ${IDLE_MS / 1000} s, MB: ${kind} (a bare \`node:http\` server: ${bare})`;
    if (row(what, idle[kind] / 1e6, 90, 0) && table.isProfiled) table.explain(what, idle.places);
  }
}

async function idleMemory(folder: string) {
  const bare = spawn(process.execPath, ["-e", BARE_SERVER], { stdio: "ignore" });
  endWithUs(bare);
  try {
    const one = await Start.of(folder);
    try {
      await sleep(IDLE_MS);
      return { idle: memoryOf(one.serverPid), bareIdle: memoryOf(bare.pid) };
    } finally {
      await one.end();
    }
  } finally {
    bare.kill("SIGKILL");
  }
}

function memoryOf(pid: number | undefined): Memory {
  const mappings = readFileSync(`/proc/${pid}/smaps`, "utf8").split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m);
  const bytes = (name: string, mapping: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(mapping)?.[1]) * 1024;
  const sum = (name: string) => mappings.reduce((all, mapping) => all + bytes(name, mapping), 0);
  return {
    resident: sum("Rss"),
    proportional: sum("Pss"),
    places: topShares(mappings.map((mapping) => [contentOf(mapping), bytes("Rss", mapping)])),
  };
}

/** Returns what a mapping of a Node.js process holds. Its first line ends with a file or a name, or with neither. */
function contentOf(mapping: string): string {
  const [header = ""] = mapping.split("\n", 1);
  const name = header.split(/ +/).slice(5).join(" ");
  if (name.startsWith("/")) return "Node.js itself and its libraries";
  return name === "[heap]" ? "what is allocated outside of V8" : "V8's heap and code, buffers";
}

/** An `npm start` that runs. */
class Start {
  readonly seconds: number;
  readonly #npm: ChildProcess;
  readonly #closed: Promise<unknown>;
  readonly #port: number;

  private constructor(npm: ChildProcess, closed: Promise<unknown>, port: number, seconds: number) {
    this.#npm = npm;
    this.#closed = closed;
    this.#port = port;
    this.seconds = seconds;
  }

  /** Resolves when it is ready. */
  static async of(folder: string): Promise<Start> {
    const port = await freePort();
    const env = {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      PORT: `${port}`,
      WEB_PORT: `${await freePort()}`,
      // Nothing listens there: it starts a Redis of its own.
      REDIS_PORT: `${await freePort()}`,
      EMBEDDED_MODEL: "none",
      EMBEDDING_MODEL: "none",
    };
    const began = performance.now();
    const npm = spawn("npm", ["start"], { cwd: folder, env, stdio: ["ignore", "pipe", "inherit"] });
    const closed = once(npm, "close");
    // Without npm, the other processes of the start end too.
    endWithUs(npm);
    npm.stdout.resume();
    const ready = () =>
      fetch(`http://127.0.0.1:${port}/health/ready`).then(
        ({ ok }) => ok,
        () => false,
      );
    while (!(await ready())) {
      const ended = npm.exitCode ?? npm.signalCode;
      if (ended !== null || performance.now() - began > READY_MS) {
        npm.kill();
        await closed;
        throw new Error(ended === null ? "It is not ready after five minutes." : `It ended with ${ended}.`);
      }
      await sleep(10);
    }
    return new Start(npm, closed, port, (performance.now() - began) / 1000);
  }

  get serverPid(): number | undefined {
    return listenerOf(this.#port)?.pid;
  }

  /** Resolves when the last process that writes to npm's output has ended. */
  async end(): Promise<void> {
    this.#npm.kill();
    await this.#closed;
  }
}
