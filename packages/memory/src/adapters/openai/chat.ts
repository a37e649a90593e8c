import type {
  ChatCompletionMessage,
  ChatCompletionMessageParam,
  ChatCompletionMessageToolCall,
} from "openai/resources/chat/completions";
import type { NewMessage, ToolCall } from "../../history/item.ts";
import { keepOriginal, originalOf, type ReadableItem } from "../original.ts";
import { portableParts } from "../portable-parts.ts";

/**
 * Converts a message of the Chat Completions API, one that is sent or one that was received. What the fields of a
 * message here do not hold, such as images, is kept in `parts` and given back by `toChat`.
 *
 * @example
 * await history.addMessage("session_1", fromChat({ role: "user", content: "My name is Bob" }));
 */
export function fromChat(message: ChatCompletionMessageParam | ChatCompletionMessage): NewMessage {
  const item: NewMessage = {
    role: message.role === "function" ? "tool" : message.role,
    content: textOf(message),
    ...callsOf(message),
  };
  return keepOriginal(item, "chat", message, chatMessage(item));
}

/**
 * Converts items to messages of the Chat Completions API. Reasoning and other items that the API does not have are left
 * out. Of a history, use `getRecent` with `for: "model"`: the API refuses calls without their outputs.
 *
 * @example
 * const messages = toChat(await history.getRecent("session_1", { for: "model", k: 50 }));
 */
export function toChat(items: readonly ReadableItem[]): ChatCompletionMessageParam[] {
  const messages: ChatCompletionMessageParam[] = [];
  let calls: ChatCompletionMessageToolCall[] | undefined;
  for (const item of items) {
    const isCall = item.type !== undefined && item.toolCalls !== undefined;
    if (!isCall) {
      calls = undefined;
      const isKnown = item.role !== undefined || item.toolCallId !== undefined;
      if (isKnown) messages.push(originalOf<ChatCompletionMessageParam>(item, "chat") ?? chatMessage(item));
      continue;
    }
    // Parallel calls are items of their own in a session, and one message in this API.
    const added = (item.toolCalls ?? []).map(toCall);
    if (calls) calls.push(...added);
    else {
      calls = added;
      messages.push({ role: "assistant", content: null, tool_calls: calls });
    }
  }
  return messages;
}

function chatMessage(item: ReadableItem): ChatCompletionMessageParam {
  const { role = "tool", content = "", toolCalls, toolCallId } = item;
  if (role === "tool") return { role, content, tool_call_id: toolCallId ?? "" };
  if (role === "assistant") {
    if (toolCalls === undefined) return { role, content };
    return { role, content: content === "" ? null : content, tool_calls: toolCalls.map(toCall) };
  }
  if (role !== "user") return { role, content };
  const parts = portableParts(item)?.map((part) =>
    part.kind === "text"
      ? { type: "text" as const, text: part.text }
      : { type: "image_url" as const, image_url: { url: part.url } },
  );
  return { role, content: parts ?? content };
}

const toCall = ({ id, name, arguments: args }: ToolCall): ChatCompletionMessageToolCall => ({
  id,
  type: "function",
  function: { name, arguments: args },
});

function textOf(message: ChatCompletionMessageParam | ChatCompletionMessage): string {
  const { content } = message;
  const refusal = "refusal" in message ? message.refusal : undefined;
  if (typeof content === "string") return content;
  if (!content) return refusal ?? "";
  return content
    .map((part) => (part.type === "text" ? part.text : part.type === "refusal" ? part.refusal : ""))
    .join("");
}

function callsOf(
  message: ChatCompletionMessageParam | ChatCompletionMessage,
): Pick<NewMessage, "toolCalls" | "toolCallId"> {
  if (message.role === "tool") return { toolCallId: message.tool_call_id };
  // What came before tools: a call has no id, and there is one at a time.
  if (message.role === "function") return { toolCallId: message.name };
  if (message.role !== "assistant") return {};
  const { tool_calls: calls = [], function_call: only } = message;
  if (only) return { toolCalls: [{ id: only.name, ...only }] };
  if (!calls || calls.length === 0) return {};
  return {
    toolCalls: calls.map((call) =>
      call.type === "function"
        ? { id: call.id, name: call.function.name, arguments: call.function.arguments }
        : { id: call.id, name: call.custom.name, arguments: call.custom.input },
    ),
  };
}
