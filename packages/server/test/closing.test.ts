import { expect, onTestFinished, test } from "vitest";
import { connectNodeRedis, uniqueName } from "../../memory/test/redis.ts";
import { Chat } from "../src/chat/chat.ts";
import { Planner } from "../src/chat/plan.ts";
import { Providers } from "../src/chat/providers.ts";
import { TokenCounter } from "../src/chat/token-counter.ts";
import { Mirror } from "../src/models/mirror/mirror.ts";
import { RedisConversations } from "../src/storage/redis-conversations.ts";

test("a turn that is being begun when the server ends comes to a definite end before that", async () => {
  const redis = await connectNodeRedis();
  const name = uniqueName();
  const options = { client: redis.client, subscriber: redis.subscriber, name, owner: "local" };
  const conversations = new RedisConversations({ ...options, ttlSeconds: 60, timeoutMs: 2000 });
  onTestFinished(async () => {
    await conversations.clear("s");
    await redis.close();
  });
  const tokens = new TokenCounter();
  const chat = new Chat({
    planner: new Planner(new Providers([new Mirror({ wordDelayMs: 1000 })], undefined), tokens, undefined),
    tokens,
    deadlines: { firstWordMs: 10_000, betweenWordsMs: 10_000 },
    onTurnEnd: () => {},
    onUnexpected: () => {},
  });
  const asked = chat.ask(conversations, {
    message: "Hello",
    mode: "stateful",
    provider: "mirror",
    session_id: "s",
  });
  await chat.close(0);
  const { turnId } = await asked;
  expect((await conversations.turn("s", turnId))?.record.status).toBe("interrupted");
});
