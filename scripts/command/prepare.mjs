import { delimiter, dirname, join } from "node:path";
import { chooseRedis } from "../setup/choose-redis.mjs";
import { readEnvFile } from "../setup/env-file.mjs";
import { Failure } from "../setup/failure.mjs";
import { findNode } from "../setup/node-runtime.mjs";
import { installPackages } from "../setup/packages.mjs";
import { buildPageIfChanged } from "../setup/page.mjs";
import { obtainRedis } from "../setup/redis-binary.mjs";
import { keepRedis } from "../start/keep-redis.mjs";
import { findChromium } from "../test/chromium.mjs";

const REDIS_PORT = 6379;

/**
 * Finds or installs what a command needs.
 * @param {import("./commands.mjs").Command} command
 * @param {{ root: string, terminal: import("../setup/terminal.mjs").Terminal, signal: AbortSignal }} context
 * @returns {Promise<{ node: string, env: NodeJS.ProcessEnv, end: () => Promise<void> }>} `end`: when the command has ended
 */
export async function prepare({ redis, anyRedis, page, chromium }, context) {
  /** @type {NodeJS.ProcessEnv} */
  let env = { ...process.env };
  const data = join(context.root, ".data");
  // A way to a Redis, before anything large is fetched in vain.
  if (redis === "product") env = { ...readEnvFile(join(context.root, ".env")), ...env };
  const choice =
    redis === "product"
      ? await chooseRedis(env, data, context).catch((error) => {
          if (anyRedis && error instanceof Failure) return undefined;
          throw error;
        })
      : undefined;
  if (redis === "server") env.TEST_REDIS_SERVER ||= (await obtainRedis(context)).path;

  const node = await findNode(context);
  await installPackages({ ...context, node });
  if (page) await buildPageIfChanged({ ...context, node });
  if (chromium) env.CHROMIUM_PATH = await obtainChromium({ ...context, node }, env);
  // What a command starts by name is the Node.js that runs it.
  env.PATH = [dirname(node), env.PATH].filter(Boolean).join(delimiter);

  // A command can come before the first start: then the private Redis is brought up for as long as that takes.
  const own =
    choice?.kind === "private"
      ? await keepRedis(
          { binary: choice.binary.path, folder: data, preferredPort: REDIS_PORT, signal: context.signal },
          context.terminal,
        )
      : undefined;
  const url = own?.url ?? (choice?.kind === "running" ? choice.url : undefined);
  return {
    node,
    env: url ? { ...env, REDIS_URL: url, REDIS_PASSWORD: "", REDIS_PASSWORD_FILE: "" } : env,
    end: async () => own?.end(),
  };
}

/** @param {import("../test/chromium.mjs").Context} context @param {NodeJS.ProcessEnv} env */
async function obtainChromium(context, env) {
  const found = await findChromium(context, env);
  if ("path" in found) return found.path;
  throw new Failure(`This needs a browser: ${found.reason}.`);
}
