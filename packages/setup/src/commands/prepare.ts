import { delimiter, dirname, join } from "node:path";
import type { Command } from "../../../../scripts/commands.mjs";
import { readEnvFile } from "../../base/env-file.mjs";
import { Failure } from "../../base/failure.mjs";
import type { SetupContext } from "../context.ts";
import { buildPageIfChanged } from "../page.ts";
import { type Choice, chooseRedis } from "../redis/choose-redis.ts";
import { keepRedis } from "../redis/keep-redis.ts";
import { obtainServer } from "../redis/server-binary.ts";
import { findChromium } from "../test/chromium.ts";

/** Finds or installs what a command needs. `end` is called when the command has ended. */
export async function prepare(
  { redis, anyRedis, page, chromium }: Command,
  context: SetupContext,
): Promise<{ env: NodeJS.ProcessEnv; end: () => Promise<void> }> {
  const { root, terminal, signal } = context;
  const data = join(root, ".data");
  let env: NodeJS.ProcessEnv = { ...process.env };
  let choice: Choice | undefined;
  if (redis === "product") {
    env = { ...readEnvFile(join(root, ".env")), ...env };
    choice = await chooseRedis(env, data, context).catch((error) => {
      if (anyRedis && error instanceof Failure) return undefined;
      throw error;
    });
  }
  if (redis === "server") env.TEST_REDIS_SERVER ||= (await obtainServer(context)).path;
  if (page) await buildPageIfChanged(context);
  if (chromium) env.CHROMIUM_PATH = await requireChromium(context, env);
  // What a command starts by name is the Node.js that runs it.
  env.PATH = [dirname(process.execPath), env.PATH].filter(Boolean).join(delimiter);

  // A command can come before the first start: then the private Redis is brought up for as long as that takes.
  const own =
    choice?.kind === "private"
      ? await keepRedis({ binary: choice.binary.path, folder: data, port: choice.port, signal }, terminal)
      : undefined;
  const url = own?.url ?? (choice?.kind === "running" ? choice.url : undefined);
  return {
    env: url ? { ...env, REDIS_URL: url, REDIS_PASSWORD: "", REDIS_PASSWORD_FILE: "" } : env,
    end: async () => own?.end(),
  };
}

async function requireChromium(context: SetupContext, env: NodeJS.ProcessEnv): Promise<string> {
  const found = await findChromium(context, env);
  if ("path" in found) return found.path;
  throw new Failure(`This needs a browser: ${found.reason}.`);
}
