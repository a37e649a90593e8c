import { setImmediate as nextTurn } from "node:timers/promises";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { NodeRedisClient } from "./client.ts";
import { script } from "./script.ts";
import { ScriptRunner } from "./script-runner.ts";

const SCRIPT = script("return {'ok', 0}");

/** A client whose replies are scripted: one function for each EVALSHA, the last one for all that follow. */
function scripted(...replies: (() => Promise<unknown>)[]) {
  const calls: string[][] = [];
  const client: NodeRedisClient = {
    eval: async () => ["1000", "0"],
    evalSha: (_, { arguments: args }) => {
      calls.push(args);
      const reply = replies.length > 1 ? replies.shift() : replies[0];
      return reply?.() ?? Promise.reject(new Error("no reply"));
    },
  };
  return { client, calls };
}

const fails = (message: string) => () => Promise.reject(new Error(message));
const ok = () => Promise.resolve(["ok", Date.now()]);

describe("ScriptRunner", () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  test.each([
    "TRYAGAIN Multiple keys request",
    "CLUSTERDOWN Hash slot not served",
    "LOADING Redis is loading",
    "BUSY Redis is busy running a script",
  ])("tries again when Redis has not run it yet: %s", async (message) => {
    const { client, calls } = scripted(fails(message), ok);
    expect((await new ScriptRunner(client, 1000).run(SCRIPT, ["k"], []))[0]).toBe("ok");
    expect(calls).toHaveLength(2);
  });

  test("a connection that breaks: only what is repeatable is repeated", async () => {
    const broken = scripted(fails("Socket closed unexpectedly"), ok);
    const runner = new ScriptRunner(broken.client, 1000);
    await expect(runner.run(SCRIPT, ["k"], [])).rejects.toMatchObject({ code: "unavailable" });
    expect(broken.calls).toHaveLength(1);
    const again = scripted(fails("Socket closed unexpectedly"), ok);
    const repeating = new ScriptRunner(again.client, 1000);
    expect((await repeating.run(SCRIPT, ["k"], [], { repeatable: true }))[0]).toBe("ok");
  });

  test.each<[string, () => Promise<unknown>]>([
    ["a client that keeps the command for ever", () => new Promise(() => {})],
    ["a Redis that never stops loading", fails("LOADING Redis is loading the dataset in memory")],
    ["a connection that never comes back", fails("Socket closed unexpectedly")],
  ])("gives up at its deadline on %s", async (_, reply) => {
    vi.useFakeTimers({ toNotFake: ["setImmediate"] });
    let error: unknown;
    const run = new ScriptRunner(scripted(reply).client, 200).run(SCRIPT, ["k"], [], { repeatable: true });
    run.catch((reason) => {
      error = reason;
    });
    await vi.advanceTimersByTimeAsync(149);
    await nextTurn();
    expect(error).toBeUndefined();
    await vi.advanceTimersByTimeAsync(51);
    await nextTurn();
    expect(error).toMatchObject({ code: "unavailable" });
  });

  test("a client that its owner has closed is not asked", async () => {
    const { client, calls } = scripted(fails("The client is closed"));
    const closed = { ...client, isOpen: false };
    const run = new ScriptRunner(closed, 1000).run(SCRIPT, ["k"], [], { repeatable: true });
    const message = expect.stringContaining("await client.connect()");
    await expect(run).rejects.toMatchObject({ code: "unavailable", message });
    expect(calls).toEqual([]);
  });

  test("Bun's client that was closed is asked once", async () => {
    const { client, calls } = scripted(fails("Connection has failed"));
    const run = new ScriptRunner(client, 60_000).run(SCRIPT, ["k"], [], { repeatable: true });
    await expect(run).rejects.toMatchObject({ code: "unavailable" });
    expect(calls).toHaveLength(1);
  });

  test("an unreachable Redis is unavailable from the first call on", async () => {
    const client: NodeRedisClient = {
      eval: fails("The client is closed"),
      evalSha: fails("The client is closed"),
    };
    await expect(new ScriptRunner(client, 200).run(SCRIPT, ["k"], [])).rejects.toMatchObject({
      name: "MemoryError",
      code: "unavailable",
    });
  });

  test("a Redis that failed until the deadline is tried once, until it has answered again", async () => {
    let reply: () => Promise<unknown> = fails("Socket closed unexpectedly");
    const { client, calls } = scripted(() => reply());
    const run = () => new ScriptRunner(client, 200).run(SCRIPT, ["k"], [], { repeatable: true });
    await expect(run()).rejects.toMatchObject({ code: "unavailable" });
    calls.length = 0;
    await expect(run()).rejects.toMatchObject({ code: "unavailable" });
    expect(calls).toHaveLength(1);
    reply = ok;
    expect((await run())[0]).toBe("ok");
    reply = fails("Socket closed unexpectedly");
    calls.length = 0;
    await expect(run()).rejects.toMatchObject({ code: "unavailable" });
    expect(calls.length).toBeGreaterThan(1);
  });

  test("a clock that was set is learnt from the reply, and the script runs at once", async () => {
    const { client, calls } = scripted(() => Promise.resolve(["late", 5_000_000]), ok);
    expect((await new ScriptRunner(client, 1000).run(SCRIPT, ["k"], []))[0]).toBe("ok");
    expect(Number(calls[1]?.[0])).toBeGreaterThan(4_999_000);
  });
});
