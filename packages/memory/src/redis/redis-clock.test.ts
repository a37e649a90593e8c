import { setImmediate as nextTurn } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { NodeRedisClient } from "./client.ts";
import { script } from "./script.ts";
import { ScriptRunner } from "./script-runner.ts";

const TIMEOUT_MS = 2_000;
const SCRIPT = script("return {'ok', 0}");
const HOUR_MS = 3_600_000;

/** A Redis with a clock of its own, that does what the head of every script says about deadlines. */
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
    if (this.delayMs > 0) await new Promise((resolve) => setTimeout(resolve, this.delayMs));
    return Date.now() + this.offsetMs;
  }
}

const run = (runner: ScriptRunner) => runner.run(SCRIPT, ["k"], [], { repeatable: true });

beforeEach(() => {
  vi.useFakeTimers({ toNotFake: ["setImmediate"] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe("a script runs within its deadline by Redis' clock", () => {
  test.each([0, HOUR_MS, -HOUR_MS])("wherever that clock stands (%s ms off)", async (offsetMs) => {
    const redis = new ClockedRedis();
    redis.offsetMs = offsetMs;
    expect((await run(new ScriptRunner(redis, TIMEOUT_MS)))[0]).toBe("ok");
    expect(redis.ran[0]).toBe(Date.now() + offsetMs + TIMEOUT_MS);
  });

  test.each([HOUR_MS, -HOUR_MS, 5000])("and when that clock jumps (by %s ms)", async (jump) => {
    const redis = new ClockedRedis();
    const runner = new ScriptRunner(redis, TIMEOUT_MS);
    await run(runner);
    redis.offsetMs += jump;
    expect((await run(runner))[0]).toBe("ok");
    await run(runner);
    expect(redis.ran).toHaveLength(3);
    expect(redis.ran[2]).toBe(Date.now() + jump + TIMEOUT_MS);
  });

  test("a script that arrives after its deadline does nothing: its caller has an error already", async () => {
    const redis = new ClockedRedis();
    const timeoutMs = 300;
    const runner = new ScriptRunner(redis, timeoutMs);
    await run(runner);
    redis.delayMs = 1_000;
    let error: unknown;
    run(runner).catch((reason) => {
      error = reason;
    });
    await vi.advanceTimersByTimeAsync(timeoutMs);
    await nextTurn();
    expect(error).toMatchObject({ code: "unavailable" });
    await vi.advanceTimersByTimeAsync(redis.delayMs);
    expect(redis.ran).toHaveLength(1);
  });
});
