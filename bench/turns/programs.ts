// The programs that are measured. The servers and the relays share a core; the load, the upstream and Redis share another.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createClient } from "@redis/client";
import { freePort } from "../../packages/memory/test/free-port.ts";
import { RedisProcess } from "../../packages/server/test/faults/redis-process.ts";
import { explain } from "../../packages/setup/base/failure.mjs";
import { installOnce } from "../installed.ts";
import type { OtherCommit } from "../other-commit.ts";
import { PinnedProgram } from "../pinned.ts";
import { WINDOW_TOKENS } from "./requests.ts";

const PORTKEY = "1.15.2";

/** The titles of the columns beside the servers'. */
export const TITLES = {
  bare: "bare relay",
  sdk: "relay through the AI SDK",
  portkey: `Portkey's gateway ${PORTKEY}`,
};

export interface Product {
  readonly title: string;
  /** True for the server of another commit, which may not know what it is asked for. */
  readonly isOther: boolean;
  readonly redis: Awaited<ReturnType<typeof connectTo>>;
  readonly server: PinnedProgram;
  /** Starts another server on the same Redis. */
  startServer(env?: Record<string, string>): Promise<PinnedProgram>;
  stop(): Promise<void>;
}

export interface Programs {
  readonly upstream: PinnedProgram;
  /** The server of this commit, then that of the other one. */
  readonly products: readonly [Product, ...Product[]];
  readonly bare: PinnedProgram;
  readonly sdk: PinnedProgram;
  /** Undefined: it could not be fetched. */
  readonly portkey: PinnedProgram | undefined;
  startBare(): Promise<PinnedProgram>;
  stop(): Promise<void>;
}

const file = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const connectTo = (url: string) => createClient({ url }).connect();

export async function startPrograms(other: OtherCommit | undefined): Promise<Programs> {
  const upstream = await startUpstream();
  const startRelay = async (program: string) =>
    PinnedProgram.start(0, file(program), await freePort(), { UPSTREAM: upstream.url });
  const startBare = () => startRelay("../bare-relay.ts");
  const product = await startProduct("this server", file("../.."), upstream, false);
  const others = other ? [await startProduct(`server at ${other.commit}`, other.root, upstream, true)] : [];
  const [bare, sdk, portkey] = [
    await startBare(),
    await startRelay("../ai-sdk-relay.ts"),
    await startPortkey(),
  ];
  const stop = async () => {
    for (const one of [product, ...others]) await one.stop();
    await Promise.all([bare, sdk, upstream, ...(portkey ? [portkey] : [])].map((program) => program.stop()));
  };
  return { upstream, products: [product, ...others], bare, sdk, portkey, startBare, stop };
}

/** Starts the server on a Redis. @param root the folder with its sources */
export async function startServerOn(
  redisUrl: string,
  upstream: PinnedProgram,
  root = file("../.."),
  env: Record<string, string> = {},
): Promise<PinnedProgram> {
  return PinnedProgram.start(0, join(root, "packages/server/src/main.ts"), await freePort(), {
    REDIS_URL: redisUrl,
    OLLAMA_BASE_URL: `${upstream.url}/v1`,
    OLLAMA_MODEL: "at-once",
    EMBEDDED_MODEL: "none",
    EMBEDDING_MODEL: "none",
    WEB_PORT: `${await freePort()}`,
    LOG_LEVEL: "info",
    // The API of OpenAI has no field for a smaller window.
    CONTEXT_MAX_TOKENS: String(WINDOW_TOKENS),
    ...env,
  });
}

export const startUpstream = async (): Promise<PinnedProgram> =>
  PinnedProgram.start(1, file("../upstream.ts"), await freePort(), {});

/** Starts a server from a folder with sources, on a Redis of its own. */
async function startProduct(
  title: string,
  root: string,
  upstream: PinnedProgram,
  isOther: boolean,
): Promise<Product> {
  // Without an append-only file: the server is measured, not a disk.
  const process = await RedisProcess.start({ args: ["--appendonly", "no"] });
  const startServer = (env?: Record<string, string>) => startServerOn(process.url, upstream, root, env);
  const server = await startServer();
  const redis = await connectTo(process.url);
  const stop = async () => {
    redis.destroy();
    await server.stop();
    await process.stop();
  };
  return { title, isOther, redis, server, startServer, stop };
}

/** Starts Portkey's gateway; it is no dependency, and is fetched when it is first needed. */
async function startPortkey(): Promise<PinnedProgram | undefined> {
  try {
    const folder = await installOnce({
      name: `portkey-gateway-${PORTKEY}`,
      what: `Portkey's gateway ${PORTKEY}`,
      prepare: (folder) => writeFileSync(join(folder, "package.json"), '{"private":true}'),
      npm: ["install", "--save-exact", `@portkey-ai/gateway@${PORTKEY}`],
    });
    const env = { PORTKEY_FOLDER: folder };
    return await PinnedProgram.start(0, file("../portkey-gateway.ts"), await freePort(), env);
  } catch (error) {
    console.error(`Portkey's gateway is not measured. ${explain(error)}`);
    return undefined;
  }
}
