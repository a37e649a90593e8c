import { Failure } from "../../base/failure.mjs";
import { freePort } from "../../base/ports.mjs";
import type { SetupContext } from "../context.ts";
import { shareEarlierRedis } from "./earlier-redis.ts";
import { type Probe, probeRedis } from "./probe-redis.ts";
import { redisAddress } from "./redis-address.ts";
import { obtainServer, type ServerBinary } from "./server-binary.ts";

const DEFAULT_PORT = 6379;

/**
 * `running`: the server finds it by the same environment, unless a `url` is given; `private`: one is to be started, on
 * this port if it is free.
 */
export type Choice =
  | { readonly kind: "running"; readonly said: string; readonly url?: string }
  | { readonly kind: "private"; readonly binary: ServerBinary; readonly port: number };

/**
 * Chooses the Redis of REDIS_URL, else one that answers on REDIS_HOST:REDIS_PORT, else a private one if it can listen
 * there. `folder`: the data of a private one. Rejects with a `Failure`.
 */
export async function chooseRedis(
  env: NodeJS.ProcessEnv,
  folder: string,
  context: Pick<SetupContext, "terminal" | "signal">,
  { probe = probeRedis, obtain = obtainServer } = {},
): Promise<Choice> {
  const address = redisAddress(env);
  if (!address) return { kind: "running", said: "as the environment says" };

  // First, as an orphan on the usual port would be taken for another program's.
  const shared = await shareEarlierRedis(folder);
  const { state, reason } = await probe(address);
  const byUrl = Boolean(env.REDIS_URL || env.REDIS_URL_FILE);
  if (state === "ready") return { kind: "running", said: `${reason} at ${address.shown}` };
  if (state === "refused" && address.named) {
    const correct = byUrl ? "REDIS_URL" : "REDIS_PASSWORD";
    throw new Failure(
      `The Redis at ${address.shown} cannot be used: ${reason}. Correct ${correct}, then start again.`,
    );
  }
  if (state === "old" && address.named) {
    throw new Failure(
      `${reason} at ${address.shown} is too old: 6.2 or newer is needed. Name another by REDIS_URL.`,
    );
  }
  const { hostname, port: portText } = new URL(address.url);
  const port = Number(portText || DEFAULT_PORT);
  const setting = byUrl ? "REDIS_URL" : await settingOfAnother(hostname, port);
  if (setting) {
    throw new Failure(
      `No Redis answers at ${address.shown}, which ${setting} names: ${reason}. Start it, correct ${setting}, or remove it to get a private Redis.`,
    );
  }
  context.terminal.note("Redis", passedOver(state, reason, address.shown));
  if (shared)
    return { kind: "running", url: shared, said: "the private one of the npm start that runs already" };
  return { kind: "private", binary: await obtain(context, "product"), port };
}

/** Returns the setting that names an address at which a private Redis cannot listen; undefined: it can. */
async function settingOfAnother(hostname: string, port: number): Promise<string | undefined> {
  if (!["localhost", "127.0.0.1"].includes(hostname)) return "REDIS_HOST";
  // Nobody has named the default port: there, the private one takes another.
  return port === DEFAULT_PORT || (await freePort(port)) === port ? undefined : "REDIS_PORT";
}

function passedOver(state: Probe["state"], reason: string, shown: string): string {
  if (state === "refused")
    return `The one at ${shown} is not used: ${reason}. To use it, set REDIS_PASSWORD.`;
  if (state === "old") return `The one at ${shown} is not used: ${reason} is older than 6.2.`;
  return `None answers at ${shown}: ${reason}.`;
}
