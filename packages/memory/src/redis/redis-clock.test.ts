import { describe, expect, test } from "vitest";
import type { NodeRedisClient } from "./client.ts";
import { script } from "./script.ts";
import { ScriptRunner } from "./script-runner.ts";

const TIMEOUT_MS = 2_000;
// Of the time that a busy machine takes for a few lines, not of a clock.
const TOLERANCE_MS = 1_000;
const SCRIPT = script("return {'ok', 0}");
const HOUR_MS = 3_600_000;

/** A Redis with a clock of its own, that does what the prelude of every script says about deadlines. */
class ClockedRedis implements NodeRedisClient {
  /** Its clock less that of this machine. */
  offsetMs = 0;
  /** How long a command is on its way. */
  delayMs = 0;
  /** Deadlines of the scripts that it ran. */
  readonly ran: number[] = [];

  async evalSha(_: string, { arguments: [deadline] }: { arguments: string[] }): Promise<unknown> {
    const now = await this.#arrive();
    if (now > Number(deadline)) return ["late", now];
    this.ran.push(Number(deadline));
    return ["ok", now];
  }

  async eval(): Promise<unknown> {
    const now = await this.#arrive();
    return [String(Math.floor(now / 1000)), String((now % 1000) * 1000)];
  }

  async #arrive(): Promise<number> {
    if (this.delayMs > 0) await inMs(this.delayMs);
    return Date.now() + this.offsetMs;
  }
}

const inMs = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
const run = (runner: ScriptRunner) => runner.run(SCRIPT, ["k"], [], { repeatable: true });

describe("a script runs within its deadline by Redis' clock", () => {
  test.each([0, HOUR_MS, -HOUR_MS])("wherever that clock stands (%s ms off)", async (offsetMs) => {
    const redis = new ClockedRedis();
    redis.offsetMs = offsetMs;
    expect((await run(new ScriptRunner(redis, TIMEOUT_MS)))[0]).toBe("ok");
    expect(Math.abs((redis.ran[0] ?? 0) - (Date.now() + offsetMs + TIMEOUT_MS))).toBeLessThan(TOLERANCE_MS);
  });

  test.each([HOUR_MS, -HOUR_MS, 5000])("and when that clock jumps (by %s ms)", async (jump) => {
    const redis = new ClockedRedis();
    const runner = new ScriptRunner(redis, TIMEOUT_MS);
    await run(runner);
    redis.offsetMs += jump;
    expect((await run(runner))[0]).toBe("ok");
    await run(runner);
    expect(redis.ran).toHaveLength(3);
    expect(Math.abs((redis.ran[2] ?? 0) - (Date.now() + jump + TIMEOUT_MS))).toBeLessThan(TOLERANCE_MS);
  });

  test("one that was held up past it does nothing, and its caller had an error in time", async () => {
    const redis = new ClockedRedis();
    const timeoutMs = 300;
    const runner = new ScriptRunner(redis, timeoutMs);
    await run(runner);
    redis.delayMs = 1_000;
    const started = performance.now();
    await expect(run(runner)).rejects.toMatchObject({ code: "unavailable" });
    expect(performance.now() - started).toBeLessThan(redis.delayMs);
    await inMs(redis.delayMs);
    expect(redis.ran).toHaveLength(1);
  });
});
