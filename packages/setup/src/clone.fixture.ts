import { spawn } from "node:child_process";
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import { freePort } from "../../memory/test/free-port.ts";
import { serverBinary } from "../../memory/test/servers.ts";
import { endProcess } from "../base/end-process.mjs";
import { type PrivateRedis, startPrivateRedis } from "./redis/private-redis.ts";

export const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
/** What the second stage imports. */
const PACKAGES = ["@redis", "undici"];

/** The Redis server that the tests run: what `npm test` found. */
export const redisServer = serverBinary();

/** In place of the server: it is ready at once, and does what STAND_IN says. */
const SERVER = `
import { createServer } from "node:http";
const log = (level: number, msg: string, more = {}) => console.log(JSON.stringify({ level, time: Date.now(), msg, ...more }));
const { STAND_IN = "", PORT, WEB_PORT, REDIS_URL } = process.env;
if (STAND_IN === "fatal") {
  log(60, "The configuration has 3 mistakes:\\nPORT\\nHOST\\nDEFAULT_MODE");
  process.exit(1);
}
const server = createServer((_, response) => response.end(JSON.stringify({ REDIS_URL, pid: process.pid })));
server.listen(Number(PORT), "127.0.0.1", () => {
  log(30, "ready", { page: "http://localhost:" + WEB_PORT, api: "http://localhost:" + PORT });
});
process.on("SIGTERM", () => {
  log(30, "ending");
  if (STAND_IN === "hung") return;
  server.close();
  server.closeAllConnections();
});
`;

const VITE = `
import { mkdirSync, writeFileSync } from "node:fs";
const folder = process.argv[process.argv.indexOf("--outDir") + 1];
mkdirSync(folder, { recursive: true });
writeFileSync(folder + "/index.html", "built " + process.hrtime.bigint());
`;

export interface Clone {
  readonly folder: string;
  /** Writes a file of the clone. */
  write(path: string, content: string): void;
  /** Puts a command on a PATH that has nothing else: a link to a file, or a script. */
  command(name: string, target: string): void;
}

/**
 * Makes a clone in a temporary folder with these very scripts, and stand-ins for the server and for Vite; its packages
 * count as installed. It is removed with the test.
 */
export function makeClone(): Clone {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "a clone ü-")));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const filter = (path: string): boolean => !/node_modules|\.test\./.test(path);
  for (const part of ["scripts", "packages/setup"]) {
    cpSync(join(ROOT, part), join(folder, part), { recursive: true, filter });
  }
  const clone: Clone = {
    folder,
    write(path, content) {
      const file = join(folder, path);
      mkdirSync(dirname(file), { recursive: true });
      // Never through a link: its target is not the clone's.
      rmSync(file, { force: true });
      writeFileSync(file, content);
    },
    command(name, target) {
      if (target.startsWith("/")) {
        symlinkSync(target, join(folder, "bin", name));
      } else {
        clone.write(`bin/${name}`, target);
        chmodSync(join(folder, "bin", name), 0o755);
      }
    },
  };
  clone.write("package.json", '{ "type": "module" }');
  clone.write("package-lock.json", '{ "packages": { "": {} } }');
  clone.write("node_modules/.package-lock.json", '{ "packages": {} }');
  clone.write("node_modules/vite/package.json", '{ "bin": "vite.mjs" }');
  clone.write("node_modules/vite/vite.mjs", VITE);
  for (const name of PACKAGES) {
    symlinkSync(join(ROOT, "node_modules", name), join(folder, "node_modules", name));
  }
  clone.write("packages/web/package.json", "{}");
  clone.write("packages/protocol/src/index.ts", "");
  clone.write("packages/server/src/main.ts", SERVER);
  mkdirSync(join(folder, "bin"));
  return clone;
}

/** Runs `npm start` in a clone that has a Redis server on its PATH. */
export async function startClone(env?: NodeJS.ProcessEnv) {
  const clone = makeClone();
  clone.command("redis-server", redisServer);
  return { clone, run: await runScript(clone, ["start"], env) };
}

/** Runs `npm run NAME ARGS` in a clone, on ports of its own, a PATH of the clone's own commands, and no network. */
export async function runScript(clone: Clone, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const ports = { PORT: await freePort(), WEB_PORT: await freePort(), REDIS_PORT: await freePort() };
  const child = spawn(process.execPath, [join(clone.folder, "scripts/run.mjs"), ...args], {
    cwd: clone.folder,
    env: {
      PATH: join(clone.folder, "bin"),
      HOME: join(clone.folder, "home"),
      PORT: `${ports.PORT}`,
      WEB_PORT: `${ports.WEB_PORT}`,
      // Nothing listens there: what runs on this machine's usual port is none of the test's business.
      REDIS_PORT: `${ports.REDIS_PORT}`,
      // Nothing listens there: what is sent to the network is refused at once.
      HTTPS_PROXY: "http://127.0.0.1:9",
      HTTP_PROXY: "http://127.0.0.1:9",
      ...env,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (data) => {
      output += data;
    });
  }
  const ended = new Promise<{ code: number | null; output: string }>((resolve) => {
    child.once("close", (code) => resolve({ code, output }));
  });
  onTestFinished(async () => {
    if (child.pid) await endProcess(child.pid, 10_000);
  });
  return {
    child,
    ports,
    ended,
    output: () => output,
    /** Resolves when this stands in the output. */
    async says(text: string): Promise<void> {
      while (!output.includes(text)) {
        if (child.exitCode !== null) throw new Error(`It ended without saying ${text}:\n${output}`);
        await new Promise((done) => setTimeout(done, 20));
      }
    },
    /** Returns what the stand-in server knows. */
    async askServer(): Promise<{ REDIS_URL: string; pid: number }> {
      const answer = await fetch(`http://127.0.0.1:${ports.PORT}`);
      return (await answer.json()) as { REDIS_URL: string; pid: number };
    },
  };
}

/** Starts a Redis that is not the clone's own, for as long as the test runs. */
export async function startOtherRedis({ folder }: Clone): Promise<PrivateRedis> {
  const other = join(folder, "other");
  const redis = await startPrivateRedis({ binary: redisServer, folder: other, persistent: false });
  onTestFinished(redis.end);
  return redis;
}
