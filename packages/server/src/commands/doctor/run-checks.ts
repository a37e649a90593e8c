import { cacheFolder } from "@redis-memory-magic/setup/base/cache-folder";
import { pino } from "pino";
import { type Config, ConfigError, loadConfig } from "../../config/config.ts";
import { createModels } from "../../models/create-models.ts";
import { nodesOf } from "../../storage/nodes.ts";
import { connectRedis, KEY_NAME, RedisRefused } from "../../storage/redis.ts";
import { type CheckResult, fail, ok } from "./check-result.ts";
import { type Machine, thisMachine } from "./machine.ts";
import { checkOvercommit } from "./overcommit.ts";
import { checkPermissions, checkSubscription } from "./permissions.ts";
import { checkNode } from "./redis-checks.ts";
import { openNode } from "./redis-node.ts";
import { checkDisk, checkExposure, checkLimits, checkProviders, checkRecall } from "./server-checks.ts";
import { checkTopology } from "./topology.ts";

/** Yields each result as soon as it is there. Never rejects for what it finds. */
export async function* runChecks(
  env: NodeJS.ProcessEnv,
  machine: Machine = thisMachine,
): AsyncGenerator<CheckResult> {
  let config: Config;
  try {
    config = loadConfig(env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    yield* error.mistakes.map((mistake) => fail("configuration", mistake));
    return;
  }
  yield ok("configuration", "no mistakes");
  yield checkExposure(config);
  yield checkLimits(config);
  yield* checkRedis(config, machine);
  const log = pino({ level: "silent" });
  const models = createModels(config, log, env);
  try {
    yield* await checkProviders(config, models);
    yield* await checkDisk(config, models, cacheFolder(env), machine);
    yield await checkRecall(config, cacheFolder(env));
  } finally {
    await Promise.all(models.map((model) => model.close()));
  }
}

async function* checkRedis(config: Config, machine: Machine): AsyncGenerator<CheckResult> {
  let reason = "";
  const heard = {
    warn: (fields: { reason?: string }) => {
      reason ||= fields.reason ?? "";
    },
    info: () => {},
  };
  const redis = await connectRedis(config.redis, heard).catch((error: Error) => error);
  if (redis instanceof Error) {
    if (!(redis instanceof RedisRefused)) throw redis;
    yield fail("Redis", redis.message);
    return;
  }
  try {
    if (!redis.isReady()) {
      yield fail(
        "Redis",
        `None answers at ${redis.address} (${reason || "no answer in time"}). Start it, or correct REDIS_URL or REDIS_HOST.`,
      );
      return;
    }
    yield ok("Redis", `answers at ${redis.address}`);
    const clients = await Promise.all(nodesOf(redis.client));
    const nodes = await Promise.all(clients.map(openNode));
    yield await checkTopology(config.redis, nodes);
    yield* await checkOvercommit(nodes, machine);
    for (const [n, node] of nodes.entries()) {
      const where = nodes.length > 1 ? `master ${n + 1} (port ${node.info.get("tcp_port")}): ` : "";
      yield* await checkNode(node, where, machine);
      yield await checkPermissions(node, KEY_NAME, where);
    }
    yield await checkSubscription(redis.subscriber, KEY_NAME);
  } catch (error) {
    const { message, cause } = error as Error;
    yield fail("Redis", `It could not be checked: ${cause instanceof Error ? cause.message : message}`);
  } finally {
    redis.close();
  }
}
