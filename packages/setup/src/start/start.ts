import { join } from "node:path";
import { readEnvFile } from "../../base/env-file.mjs";
import { checkPorts } from "../../base/ports.mjs";
import { releaseMemory } from "../../base/release-memory.mjs";
import type { Terminal } from "../../base/terminal.mjs";
import type { SetupContext } from "../context.ts";
import { buildPageIfChanged } from "../page.ts";
import { type Choice, chooseRedis } from "../redis/choose-redis.ts";
import { keepRedis } from "../redis/keep-redis.ts";
import { superviseServer } from "./supervise.ts";

/** `npm start`: runs the server and, where there is none, a Redis. */
export async function start(context: SetupContext): Promise<void> {
  const { root, terminal } = context;
  const data = join(root, ".data");
  const env: NodeJS.ProcessEnv = { ...readEnvFile(join(root, ".env")), ...process.env };
  await checkPorts(env);
  const choice = await chooseRedis(env, data, context);
  await buildPageIfChanged(context);
  const redis = await redisFor(choice, data, context);
  try {
    await superviseServer({
      ...context,
      entry: join(root, "packages/server/src/main.ts"),
      // A private Redis has no password, whatever the environment says about another one.
      env: redis.url ? { ...env, REDIS_URL: redis.url, REDIS_PASSWORD: "", REDIS_PASSWORD_FILE: "" } : env,
      onReady: ({ page = "", api = "" }) => {
        showAddresses(terminal, page, api);
        // From here on this process only waits.
        releaseMemory();
      },
    });
  } finally {
    await redis.end();
  }
}

async function redisFor(choice: Choice, folder: string, { terminal, signal }: SetupContext) {
  const task = terminal.task("Redis");
  if (choice.kind === "running") {
    task.done(choice.said);
    return { url: choice.url, end: async () => {} };
  }
  const { port, binary: found } = choice;
  task.say(`starting ${found.name}`);
  try {
    const redis = await keepRedis({ binary: found.path, folder, port, signal }, terminal);
    task.done(
      redis.isShared
        ? `the private one of the npm start that runs already, at 127.0.0.1:${redis.port}`
        : `${found.name}, a private one at 127.0.0.1:${redis.port}, its data in .data`,
    );
    return redis;
  } catch (error) {
    task.drop();
    throw error;
  }
}

function showAddresses(terminal: Terminal, page: string, api: string): void {
  terminal.line("");
  terminal.line(`  ${terminal.paint(1, "Redis Memory Magic is ready.")}`);
  terminal.line("");
  terminal.line(`  Page   ${terminal.paint(36, page)}`);
  terminal.line(`  API    ${terminal.paint(36, api)}   (described at ${api}/docs)`);
  terminal.line("");
  terminal.line("  Ctrl-C stops it.");
  terminal.line("");
}
