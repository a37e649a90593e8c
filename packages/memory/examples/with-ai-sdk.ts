// The server's side of the AI SDK's `useChat`, which sends the newest message alone:
// `new DefaultChatTransport({ prepareSendMessagesRequest: ({ id, messages }) => ({ body: { id, message: messages.at(-1) } }) })`
// Whole messages are stored: files, reasoning, tools, sources, data and metadata, with the ids that the page shows.
import type { Item, MessageHistory } from "@redis-memory-magic/memory";
import {
  convertToModelMessages,
  createUIMessageStreamResponse,
  generateId,
  type LanguageModel,
  streamText,
  toUIMessageStream,
  type UIMessage,
} from "ai";

/** What the page sends: which chat, and the user's message. */
interface ChatRequest {
  readonly id: string;
  readonly message: UIMessage;
}

/** A history whose parts and metadata are those of the AI SDK. */
export type ChatHistory = MessageHistory<{ parts: UIMessage["parts"]; metadata: unknown }>;

const textOf = ({ parts }: UIMessage): string =>
  parts.map((part) => (part.type === "text" ? part.text : "")).join("");

const toUIMessage = ({
  id,
  role,
  parts = [],
  metadata,
}: Item<{ parts: UIMessage["parts"]; metadata: unknown }>) =>
  ({ id, role, parts, ...(metadata !== undefined && { metadata }) }) as UIMessage;

// About four characters a token. All of a message is sent, not only its text.
const countTokens = ({ parts }: { parts?: UIMessage["parts"] }): number =>
  Math.ceil(JSON.stringify(parts ?? []).length / 4) + 4;

/** Adds a message. One that is there is asked again, or has changed: it is replaced, with all that follows it. */
async function save(history: ChatHistory, chat: string, message: UIMessage): Promise<void> {
  // Without fields that are undefined, which JSON does not have.
  const { id, role, parts, metadata } = JSON.parse(JSON.stringify(message)) as UIMessage;
  const added = {
    ...{ id, role, content: textOf(message), parts },
    ...(metadata !== undefined && { metadata }),
  };
  const isThere = (await history.replaceFrom(chat, id, [added])) !== null;
  if (!isThere) await history.addMessage(chat, added);
}

/** A handler for `POST /api/chat`, as Next.js, Hono and others take it. */
export function createChatHandler(history: ChatHistory, model: LanguageModel) {
  return async (request: Request): Promise<Response> => {
    const { id, message } = (await request.json()) as ChatRequest;
    await save(history, id, message);
    const context = await history.getRecent(id, { for: "model", maxTokens: 8_000, countTokens });
    const originalMessages = context.map(toUIMessage);
    const result = streamText({ model, messages: await convertToModelMessages(originalMessages) });
    // To its end, even if the client disconnects, so that the answer is stored.
    result.consumeStream();
    const stream = toUIMessageStream({
      stream: result.stream,
      originalMessages,
      generateMessageId: generateId,
      onEnd: ({ responseMessage }) => save(history, id, responseMessage),
    });
    return createUIMessageStreamResponse({ stream });
  };
}

/** For `useChat({ id, messages })`: what a reloaded page shows. */
export async function loadChat(history: ChatHistory, id: string): Promise<UIMessage[]> {
  return (await history.getRecent(id, { k: 100 })).map(toUIMessage);
}
