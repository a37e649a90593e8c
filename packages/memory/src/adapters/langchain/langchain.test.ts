import {
  AIMessage,
  type BaseMessage,
  HumanMessage,
  RemoveMessage,
  SystemMessage,
  ToolMessage,
} from "@langchain/core/messages";
import { ChatPromptTemplate, MessagesPlaceholder } from "@langchain/core/prompts";
import { RunnableLambda, RunnableWithMessageHistory } from "@langchain/core/runnables";
import { expect, test } from "vitest";
import type { Connection } from "../../../test/redis.ts";
import { useRedis } from "../../../test/use-redis.ts";
import { MessageHistory } from "../../index.ts";
import { RedisMemoryHistory } from "./index.ts";

let redis: Connection;
let name: string;
let history: MessageHistory;
let chat: RedisMemoryHistory;
useRedis((connection, newName) => {
  [redis, name] = [connection, newName];
  history = new MessageHistory({ client: redis.client, name });
  chat = new RedisMemoryHistory(history, "s");
});

const CALLS = [{ name: "search", args: { q: "weather" }, id: "call_1", type: "tool_call" as const }];
const MESSAGES: BaseMessage[] = [
  new SystemMessage("You are helpful"),
  new HumanMessage({
    id: "h1",
    name: "Bob",
    content: [
      { type: "text", text: "And " },
      { type: "image_url", image_url: { url: "https://example.org/cat.png" } },
    ],
  }),
  new AIMessage({
    id: "a1",
    content: "",
    tool_calls: CALLS,
    additional_kwargs: { extra: [1, null] },
  }),
  new ToolMessage({ content: "sunny", tool_call_id: "call_1", artifact: { raw: 1 }, status: "success" }),
  new AIMessage("It is sunny."),
];
const dicts = (messages: readonly BaseMessage[]) => messages.map((message) => message.toDict());
const texts = async () => (await chat.getMessages()).map(({ text }) => text);

test("gives back messages of every kind as they were", async () => {
  await chat.addMessages(MESSAGES);
  const messages = await chat.getMessages();
  expect(dicts(messages)).toEqual(JSON.parse(JSON.stringify(dicts(MESSAGES))));
  expect(messages.map((message) => message.getType())).toEqual(["system", "human", "ai", "tool", "ai"]);
  const plain = await Array.fromAsync(history.messages("s"));
  expect(plain.map(({ role, content }) => `${role}: ${content}`)).toEqual([
    "system: You are helpful",
    "user: And ",
    "assistant: ",
    "tool: sunny",
    "assistant: It is sunny.",
  ]);
  expect(plain[2]?.toolCalls).toEqual([{ id: "call_1", name: "search", arguments: '{"q":"weather"}' }]);
  await chat.clear();
  expect(await chat.getMessages()).toEqual([]);
});

test("reads what was written without LangChain", async () => {
  await history.addMessages("s", [
    { role: "user", content: "Hi" },
    { role: "assistant", content: "", toolCalls: [{ id: "c", name: "now", arguments: "{}" }] },
    { role: "tool", content: "12:00", toolCallId: "c" },
  ]);
  const messages = await chat.getMessages();
  expect(messages.map((message) => message.getType())).toEqual(["human", "ai", "tool"]);
  expect((messages[1] as AIMessage).tool_calls).toMatchObject([{ id: "c", name: "now", args: {} }]);
});

test("a RemoveMessage removes the message with its id, or all", async () => {
  await chat.addMessages([
    new HumanMessage({ id: "1", content: "a" }),
    new HumanMessage({ id: "2", content: "b" }),
  ]);
  await chat.addMessages([new RemoveMessage({ id: "1" }), new HumanMessage({ id: "3", content: "c" })]);
  expect(await texts()).toEqual(["b", "c"]);
  await chat.addMessages([new RemoveMessage({ id: "__remove_all__" }), new HumanMessage("d")]);
  expect(await texts()).toEqual(["d"]);
});

test("a message with the id of another replaces it where it stands", async () => {
  await chat.addMessages([
    new HumanMessage({ id: "1", content: "a" }),
    new HumanMessage({ id: "2", content: "b" }),
  ]);
  await chat.addMessages([new HumanMessage({ id: "1", content: "A" }), new HumanMessage("c")]);
  expect(await texts()).toEqual(["A", "b", "c"]);
});

test("a window has whole groups of calls, and begins with the user", async () => {
  await chat.addMessages(MESSAGES);
  for (const [k, types] of [
    [2, []],
    [4, ["human", "ai", "tool", "ai"]],
    [5, ["system", "human", "ai", "tool", "ai"]],
  ] as const) {
    const messages = await new RedisMemoryHistory(history, "s", { k }).getMessages();
    expect(messages.map((message) => message.getType())).toEqual(types);
  }
  const countTokens = () => 10;
  const counted = new RedisMemoryHistory(history, "s", { maxTokens: 40, countTokens });
  expect(await counted.getMessages()).toHaveLength(4);
});

test("a runnable with message history remembers", async () => {
  const prompt = ChatPromptTemplate.fromMessages([new MessagesPlaceholder("history"), ["human", "{input}"]]);
  const model = RunnableLambda.from(
    async (value: { messages: BaseMessage[] }) => new AIMessage(`${value.messages.length} messages`),
  );
  const chain = new RunnableWithMessageHistory({
    runnable: prompt.pipe(RunnableLambda.from((value) => ({ messages: value.toChatMessages() }))).pipe(model),
    getMessageHistory: (id) => new RedisMemoryHistory(history, id),
    inputMessagesKey: "input",
    historyMessagesKey: "history",
  });
  const config = { configurable: { sessionId: "s" } };
  await chain.invoke({ input: "one" }, config);
  await chain.invoke({ input: "two" }, config);
  expect(await texts()).toEqual(["one", "1 messages", "two", "3 messages"]);
});
