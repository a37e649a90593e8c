import assert from "node:assert/strict";
import { AIMessage, HumanMessage, SystemMessage, ToolMessage } from "@langchain/core/messages";
import { createClient } from "@redis/client";
import { MessageHistory } from "@redis-memory-magic/memory";
import { RedisMemoryChatHistory } from "./with-langchain.ts";

const client = createClient({ url: process.env.REDIS_URL ?? "" });
await client.connect();
const history = new MessageHistory({ client });
const chat = new RedisMemoryChatHistory(history, "langchain");
assert.deepEqual(await chat.getMessages(), []);
await chat.addMessage(new SystemMessage("You are helpful"));
await chat.addUserMessage("Hi");
await chat.addAIMessage("Hello");
const calls = [{ name: "search", args: { q: "weather" }, id: "call_1", type: "tool_call" as const }];
await chat.addMessages([
  new HumanMessage({
    content: [
      { type: "text", text: "And " },
      { type: "text", text: "this?" },
    ],
    name: "Bob",
  }),
  new AIMessage({ content: "", tool_calls: calls, additional_kwargs: { extra: [1, null] } }),
  new ToolMessage({ content: "sunny", tool_call_id: "call_1" }),
]);
const messages = await chat.getMessages();
assert.deepEqual(
  messages.map((message) => message.getType()),
  ["system", "human", "ai", "human", "ai", "tool"],
);
assert.equal(messages[3]?.name, "Bob");
assert.equal(Array.isArray(messages[3]?.content), true);
assert.deepEqual((messages[4] as AIMessage).tool_calls, calls);
assert.deepEqual(messages[4]?.additional_kwargs, { extra: [1, null] });
assert.equal((messages[5] as ToolMessage).tool_call_id, "call_1");
// Readable without LangChain, and what was written without it is read by it.
assert.deepEqual(
  (await history.getRecent("langchain")).map(({ role }) => role),
  ["user", "assistant", "user", "assistant", "tool"],
);
await history.store("langchain", "plain", "answer");
assert.equal((await chat.getMessages()).at(-1)?.text, "answer");
await chat.clear();
assert.deepEqual(await chat.getMessages(), []);
client.destroy();
