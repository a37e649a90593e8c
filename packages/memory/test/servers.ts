import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants } from "node:fs";
import { mkdtemp, open, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { hasTls } from "../../setup/src/redis/server-binary.ts";
import { endWithUs } from "./end-with-us.ts";
import { freePort } from "./free-port.ts";
import { newClient } from "./new-client.ts";

const READY_MS = 20_000;

/** A server binary, and what people call it. */
export interface ServerBinary {
  readonly name: string;
  readonly path: string;
}

/** The binaries that `npm test` was given beside the Redis of TEST_REDIS_URL. */
export function givenServers(): ServerBinary[] {
  return JSON.parse(process.env.TEST_REDIS_SERVERS ?? "[]") as ServerBinary[];
}

/** A Redis to start, stop and kill at will: the one that `npm test` names, else one on the PATH. */
export function serverBinary(): string {
  const path = process.env.TEST_REDIS_SERVER ?? onPath("redis-server") ?? onPath("valkey-server");
  if (path) return path;
  throw new Error("No redis-server or valkey-server is on the PATH: install one, or run `npm test`.");
}

/** What a test needs a server to have. */
export interface ServerNeeds {
  /** Built with TLS. */
  readonly tls?: true;
  /** Valkey 9 reads the dumps of Redis 6 and 7, but not the other way round. */
  readonly dump?: "Redis 6 or 7" | "Valkey 9";
}

const VERSIONS = { "Redis 6 or 7": /^Redis server v=[67]\./, "Valkey 9": /^Valkey server v=(9|\d\d)\./ };

/** Returns the first of the servers at hand that has what is needed; undefined if none has it. */
export async function findServer({ tls, dump }: ServerNeeds): Promise<string | undefined> {
  const paths = [serverBinary(), ...givenServers().map(({ path }) => path)];
  for (const path of paths) {
    if (dump && !VERSIONS[dump].test(await versionText(path))) continue;
    if (tls && !(await hasTls(path))) continue;
    return path;
  }
  return undefined;
}

const versionText = async (path: string): Promise<string> =>
  (await promisify(execFile)(path, ["--version"])).stdout;

export function onPath(name: string): string | undefined {
  return (process.env.PATH ?? "")
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** A server process on the loopback interface, in a folder of its own that goes with it. */
export interface Server {
  readonly port: number;
  readonly url: string;
  /** Ends it with SIGKILL, as a power failure would. What it had on disk stays. */
  kill(): Promise<void>;
  /** Starts it anew, on the same port and data. */
  restart(): Promise<void>;
  /** Ends it and removes its data. */
  stop(): Promise<void>;
}

/**
 * Starts a server without persistence, unless `args` ask for it.
 * @param prepare writes what it needs into its folder before it starts, and may add arguments
 */
export async function startServer(
  binary: string,
  args: readonly string[] = [],
  prepare: (folder: string, port: number) => Promise<string[]> = async () => [],
): Promise<Server> {
  const folder = await mkdtemp(join(tmpdir(), "memory-test-"));
  const port = await freePort();
  const own = await prepare(folder, port);
  const all = [...own, "--port", `${port}`, "--bind", "127.0.0.1", "--dir", folder, "--save", "", ...args];
  let end = await launch(binary, all, folder, port);
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    kill: () => end(),
    restart: async () => {
      end = await launch(binary, all, folder, port);
    },
    stop: async () => {
      await end();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Returns what ends it. */
async function launch(binary: string, args: string[], folder: string, port: number) {
  const log = join(folder, "log");
  const output = await open(log, "a");
  const child = spawn(binary, args, { stdio: ["ignore", output.fd, output.fd] });
  await output.close();
  endWithUs(child, folder);
  const ended = once(child, "exit");
  const end = async (): Promise<void> => {
    child.kill("SIGKILL");
    await ended;
  };
  const deadline = performance.now() + READY_MS;
  while (!(await answers(port))) {
    if (performance.now() < deadline) continue;
    await end();
    throw new Error(`${binary} did not start: ${(await readFile(log, "utf8")).slice(-500)}`);
  }
  return end;
}

/** Whether it answers a PING; loading its data, it does not. */
async function answers(port: number): Promise<boolean> {
  const client = newClient({
    socket: { host: "127.0.0.1", port, reconnectStrategy: false, connectTimeout: 1000 },
  });
  client.on("error", () => {});
  try {
    await client.connect();
    await client.ping();
    return true;
  } catch {
    await new Promise((resolve) => setTimeout(resolve, 20));
    return false;
  } finally {
    client.destroy();
  }
}
