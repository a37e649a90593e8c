import { AIMessage } from "@langchain/core/messages";
import { expect, test } from "vitest";
import { useRedis } from "../../test/use-redis.ts";
import type { NewItem } from "../history/item.ts";
import { MessageHistory } from "../index.ts";
import { fromAnthropic } from "./anthropic/index.ts";
import { RedisMemoryHistory } from "./langchain/index.ts";
import { fromChat, fromResponses } from "./openai/index.ts";
import { RedisMemorySession } from "./openai-agents/index.ts";

let history: MessageHistory;
useRedis((connection, name) => {
  history = new MessageHistory({ client: connection.client, name });
});

const cut = `cut ${"🎉".slice(0, 1)}`;
const add = (...items: NewItem[]) => history.addMessages("s", items);

test.each<[string, () => Promise<unknown>]>([
  ["fromChat", () => add(fromChat({ role: "assistant", content: [{ type: "text", text: cut }] }))],
  ["fromResponses", () => add(fromResponses({ role: "user", content: cut }))],
  ["fromAnthropic", () => add(...fromAnthropic({ role: "user", content: cut }))],
  [
    "RedisMemorySession",
    () => new RedisMemorySession(history, "s").addItems([{ role: "user", content: cut }]),
  ],
  [
    "RedisMemoryHistory",
    () =>
      new RedisMemoryHistory(history, "s").addMessage(
        new AIMessage({ content: [{ type: "text", text: cut }], response_metadata: { cut } }),
      ),
  ],
])("%s stores a text that was cut within a character", async (_, store) => {
  await store();
  expect((await history.getRecent("s"))[0]?.content).toBe("cut \uFFFD");
});
