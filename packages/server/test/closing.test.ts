import { expect, onTestFinished, test } from "vitest";
import { connectNodeRedis, uniqueName } from "../../memory/test/redis.ts";
import { type Caller, NO_QUOTA } from "../src/chat/caller.ts";
import { Chat } from "../src/chat/chat.ts";
import { Planner } from "../src/chat/plan.ts";
import { Providers } from "../src/chat/providers.ts";
import { SessionStore } from "../src/chat/session-store.ts";
import { TokenCounter } from "../src/chat/token-counter.ts";
import { Mirror } from "../src/models/mirror/mirror.ts";
import { TurnStream } from "./faults/turn-stream.ts";
import { startTestServer } from "./test-server.ts";

test("a turn that is being begun when the server ends comes to a definite end before that", async () => {
  const redis = await connectNodeRedis();
  const name = uniqueName();
  const options = { client: redis.client, subscriber: redis.subscriber, name, owner: "local" };
  const sessions = new SessionStore({ ...options, ttlSeconds: 60, timeoutMs: 2000 });
  const permit = { sent: async () => {}, wrote: () => {}, settle: () => {} };
  const caller: Caller = { sessions, quota: NO_QUOTA, admitTurn: async () => permit };
  onTestFinished(async () => {
    await sessions.clear("s");
    await redis.close();
  });
  const tokens = new TokenCounter();
  const providers = new Providers([new Mirror({ wordDelayMs: 1000 })]);
  const chat = new Chat({
    providers,
    planner: new Planner(providers, tokens),
    tokens,
    deadlines: { firstTokenMs: 10_000, idleMs: 10_000 },
    onTurnEnd: () => {},
    onUnexpected: () => {},
  });
  const asked = chat.ask(caller, {
    input: [{ role: "user", content: "Hello" }],
    mode: "stateful",
    provider: "mirror",
    session_id: "s",
  });
  await chat.close(0);
  const { turnId } = await asked;
  expect((await sessions.turn("s", turnId))?.record.status).toBe("interrupted");
});

test("a server that is shutting down refuses new connections and completes its running requests", async () => {
  const server = await startTestServer({ mirrorDelayMs: 50 });
  const base = await server.listen();
  const ask = (session_id: string) => {
    const body = { message: "Hi", mode: "stateful", provider: "mirror", session_id };
    return TurnStream.ask(base, body as Parameters<typeof TurnStream.ask>[1]);
  };
  const running = ask("running");
  await running.received(2);
  const closed = server.close(5000);
  const late = ask("late");
  await late.closed;
  expect(late.status).toBe(0);
  await running.closed;
  expect(running.end?.event).toBe("turn-completed");
  await closed;
});
