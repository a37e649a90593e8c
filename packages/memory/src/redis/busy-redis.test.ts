import { afterEach, expect, onTestFinished, test, vi } from "vitest";
import { ownRedis } from "../../test/own-redis.ts";
import { connectIoRedis, connectNodeRedis } from "../../test/redis.ts";
import { MessageHistory } from "../index.ts";

const CLIENTS = {
  "@redis/client": { connect: connectNodeRedis, evaluate: "evalSha" },
  ioredis: { connect: connectIoRedis, evaluate: "evalsha" },
} as const;
const MESSAGE = { role: "user", content: "Hi" } as const;

const own = ownRedis();
afterEach(stopScript);

async function start(name: keyof typeof CLIENTS) {
  const { connect, evaluate } = CLIENTS[name];
  const { client, close } = await connect(own.server.url);
  onTestFinished(close);
  const history = new MessageHistory({ client, timeoutMs: 60_000 });
  // From here on Redis knows the script, and the client Redis' clock.
  await history.addMessage("s", MESSAGE);
  await startScript();
  return {
    client,
    history,
    sent: vi.spyOn(client as unknown as Record<typeof evaluate, () => unknown>, evaluate),
  };
}

/** From here on Redis refuses all commands with BUSY. */
async function startScript(): Promise<void> {
  await own.redis.command("CONFIG", "SET", "lua-time-limit", "1");
  const other = await connectNodeRedis(own.server.url);
  void other
    .command("EVAL", "while true do end", "0")
    .catch(() => {})
    .finally(() => other.close());
  await expect.poll(() => own.redis.command("PING").catch(String)).toContain("BUSY");
}

async function stopScript(): Promise<void> {
  await own.redis.command("SCRIPT", "KILL").catch(() => {});
  await expect.poll(() => own.redis.command("PING").catch(String)).toBe("PONG");
}

test.each(Object.keys(CLIENTS) as (keyof typeof CLIENTS)[])(
  "with %s a write waits for a script of another program",
  async (name) => {
    const { history, sent } = await start(name);
    const added = history.addMessage("s", MESSAGE);
    await expect.poll(() => sent.mock.calls.length).toBeGreaterThan(2);
    await stopScript();
    await added;
    expect(await history.count("s")).toBe(2);
  },
);

test("a write ends at its deadline if the script goes on, and nothing is written", async () => {
  const { client, history } = await start("@redis/client");
  const impatient = new MessageHistory({ client, timeoutMs: 200 });
  await expect(impatient.addMessage("s", MESSAGE)).rejects.toMatchObject({ code: "unavailable" });
  await stopScript();
  expect(await history.count("s")).toBe(1);
});
