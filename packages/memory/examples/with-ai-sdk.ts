// The server's side of the AI SDK's `useChat`, which sends the newest message alone:
// `new DefaultChatTransport({ prepareSendMessagesRequest: ({ id, messages }) => ({ body: { id, message: messages.at(-1) } }) })`
import type { Message, MessageHistory } from "@redis-memory-magic/memory";
import { type LanguageModel, type ModelMessage, streamText, type UIMessage } from "ai";

/** What the page sends: which chat, and what the user said. */
interface ChatRequest {
  readonly id: string;
  readonly message: UIMessage;
}

const textOf = ({ parts }: UIMessage): string =>
  parts.map((part) => (part.type === "text" ? part.text : "")).join("");

const countTokens = ({ content }: Message): number => Math.ceil(content.length / 4) + 4;

/** A handler for `POST /api/chat`, as Next.js, Hono and others take it. */
export function createChatHandler(history: MessageHistory, model: LanguageModel) {
  return async (request: Request): Promise<Response> => {
    const { id, message } = (await request.json()) as ChatRequest;
    await history.addMessage(id, { role: "user", content: textOf(message), id: message.id });
    const context = await history.getRecent(id, {
      maxTokens: 8_000,
      countTokens,
      role: ["user", "assistant"],
    });
    const messages = context.map(({ role, content }) => ({ role, content }) as ModelMessage);
    const result = streamText({
      model,
      messages,
      onFinish: async ({ text }) => {
        await history.addMessage(id, { role: "assistant", content: text });
      },
    });
    // To its end, also when the page goes away: the answer is to be remembered.
    result.consumeStream();
    return result.toUIMessageStreamResponse();
  };
}

/** For `useChat({ id, messages })`: what a reloaded page shows. */
export async function loadChat(history: MessageHistory, id: string): Promise<UIMessage[]> {
  const messages = await history.getRecent(id, { k: 100, role: ["user", "assistant"] });
  return messages.map(({ id, role, content }) => ({
    id,
    role: role as "user" | "assistant",
    parts: [{ type: "text", text: content }],
  }));
}
