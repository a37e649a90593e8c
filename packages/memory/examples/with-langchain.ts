// A chain that remembers, with LangChain:
// `REDIS_URL=redis://localhost:6379 node packages/memory/examples/with-langchain.ts`
import { AIMessage } from "@langchain/core/messages";
import { ChatPromptTemplate, MessagesPlaceholder } from "@langchain/core/prompts";
import { RunnableLambda, RunnableWithMessageHistory } from "@langchain/core/runnables";
import { createClient } from "@redis/client";
import { MessageHistory } from "@redis-memory-magic/memory";
import { RedisMemoryHistory } from "@redis-memory-magic/memory/langchain";

const client = createClient({ url: process.env.REDIS_URL ?? "redis://localhost:6379" });
client.on("error", (error) => console.error(error.message));
await client.connect();
const history = new MessageHistory({ client, ttlSeconds: 60 });

const prompt = ChatPromptTemplate.fromMessages([
  ["system", "You are a helpful assistant."],
  new MessagesPlaceholder("history"),
  ["human", "{input}"],
]);
// In the place of a chat model: it says what it was sent.
const model = RunnableLambda.from(async (value: Awaited<ReturnType<typeof prompt.invoke>>) => {
  const [, first] = value.toChatMessages();
  return new AIMessage(`I was sent ${value.toChatMessages().length} messages, first: ${first?.text}`);
});

const chain = new RunnableWithMessageHistory({
  runnable: prompt.pipe(model),
  getMessageHistory: (id) => new RedisMemoryHistory(history, id, { k: 50 }),
  inputMessagesKey: "input",
  historyMessagesKey: "history",
});

const sessionId = `example-${Date.now()}`;
for (const input of ["My name is Bob", "What is my name?"]) {
  const answer = await chain.invoke({ input }, { configurable: { sessionId } });
  console.log(answer.text);
}
await history.clear(sessionId);
client.destroy();
