// The server's side of the AI SDK's `useChat`, for any server of `Request` and `Response`:
// `OPENAI_API_KEY=… REDIS_URL=redis://localhost:6379`. An answer goes on when its client disconnects, and survives its
// server: another process resumes it.
import { createClient } from "@redis/client";
import { MessageHistory, Turns } from "@redis-memory-magic/memory";
import { chatHandler, chatStore } from "@redis-memory-magic/memory/ai-sdk";
import { convertToModelMessages, type LanguageModel, streamText } from "ai";

export async function createChat(model: LanguageModel) {
  const client = createClient({ url: process.env.REDIS_URL ?? "redis://localhost:6379" });
  const subscriber = client.duplicate();
  for (const one of [client, subscriber]) one.on("error", (error) => console.error(error.message));
  await Promise.all([client.connect(), subscriber.connect()]);
  const history = new MessageHistory({ client, ttlSeconds: 86_400 });

  // POST /api/chat answers, GET /api/chat/<id>/stream resumes, DELETE /api/chat/<id> stops.
  const handler = chatHandler({
    turns: new Turns({ client, subscriber, ttlSeconds: 86_400 }),
    history,
    maxTokens: 8_000,
    answer: async ({ messages, signal }) =>
      streamText({ model, messages: await convertToModelMessages(messages), abortSignal: signal }),
  });
  const close = () => [client, subscriber].forEach((one) => void one.destroy());
  // `store.load(id)` is what a reloaded page shows: `useChat({ id, messages, resume: true })`.
  return { ...handler, store: chatStore(history), close };
}
