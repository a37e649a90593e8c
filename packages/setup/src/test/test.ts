import { randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { explain, Interrupted } from "../../base/failure.mjs";
import { guardFolder } from "../../base/guard.mjs";
import type { Terminal } from "../../base/terminal.mjs";
import type { SetupContext } from "../context.ts";
import { type PrivateRedis, startPrivateRedis } from "../redis/private-redis.ts";
import { findChromium } from "./chromium.ts";
import { hermeticEnv } from "./hermetic-env.ts";
import { endLeftovers } from "./leftovers.ts";
import { redisServers } from "./redis-servers.ts";
import { type Step, type StepResult, testSteps } from "./steps.ts";
import { summarize } from "./summary.ts";

const MARKER = "REDIS_MEMORY_MAGIC_TEST_RUN";

/** `npm test`: runs every check and ends with one summary. Resolves with the exit code. */
export async function test(context: SetupContext): Promise<number> {
  const { terminal } = context;
  const folder = mkdtempSync(join(tmpdir(), "memory-magic-"));
  const run = randomUUID();
  guardFolder(folder);
  const results: StepResult[] = [];
  const addFailure = (name: string, output: string): void => {
    results.push({ passed: 0, failed: [name], skipped: [], output });
    terminal.line(`\n${output}`);
  };
  let redis: PrivateRedis | undefined;
  let interrupted = false;
  try {
    const servers = await redisServers(context);
    const chromium = await findChromium(context, process.env);
    terminal.note("Chromium", "path" in chromium ? chromium.path : chromium.reason);
    const { main, further } = servers;
    redis = await startPrivateRedis({
      binary: main.path,
      folder: join(folder, "redis"),
      persistent: false,
      signal: context.signal,
    });
    terminal.note("Redis", `${main.name} at 127.0.0.1:${redis.port}`);
    for (const { name } of further) terminal.note("", `${name}, for the tests that need it`);
    const temporary = join(folder, "tmp");
    mkdirSync(temporary);
    const env = {
      ...hermeticEnv(context.root, process.env),
      CI: "true",
      NO_COLOR: "1",
      // What a test starts by name is the Node.js that runs it.
      PATH: [dirname(process.execPath), process.env.PATH].filter(Boolean).join(delimiter),
      TMPDIR: temporary,
      [MARKER]: run,
      TEST_REDIS_URL: redis.url,
      TEST_REDIS_SERVER: main.path,
      TEST_REDIS_SERVERS: JSON.stringify(further),
    };
    terminal.line("");
    const steps = testSteps({ ...context, folder, env, chromium });
    for (const step of steps) results.push(await show(step, terminal));
  } catch (error) {
    interrupted = error instanceof Interrupted;
    if (!interrupted) addFailure("set-up", explain(error));
  } finally {
    const left = await endLeftovers(`${MARKER}=${run}`);
    if (left.length > 0 && !interrupted)
      addFailure("nothing left behind", `The tests left behind: ${left.join(", ")}`);
    await redis?.end();
    rmSync(folder, { recursive: true, force: true });
  }
  if (interrupted) throw new Interrupted();
  const { lines, exitCode } = summarize(results);
  terminal.line("");
  for (const line of lines) terminal.line(line);
  return exitCode;
}

async function show(step: Step, terminal: Terminal): Promise<StepResult> {
  const task = terminal.task(step.name);
  const result = await step.run(task.say).catch((error) => {
    if (error instanceof Interrupted) task.drop();
    throw error;
  });
  const { passed, failed, skipped } = result;
  const counts = [
    `${passed} passed`,
    failed.length && `${failed.length} failed`,
    skipped.length && `${skipped.length} skipped`,
  ];
  const text = `${(result.said ?? counts.filter(Boolean).join(", ")).padEnd(30)} ${task.elapsed()}`;
  if (failed.length === 0) {
    task.done(text);
    return result;
  }
  task.failed(text);
  terminal.line(result.output.replace(/^/gm, "    "));
  return result;
}
