import { shortTitle } from "../../chat/session-title.ts";
import { type Fields, isFields } from "../../fields.ts";
import { createdAt, textOf, toJson } from "../import/foreign-conversation.ts";

/** Where the list of messages is: in this API and OpenAI's, in ShareGPT's, in Gemini's and in the Responses API. */
const LISTS = ["messages", "conversations", "contents", "items"] as const;

/** The names that others have for the roles: LangChain, ShareGPT, Gemini, RedisVL, the older form of OpenAI's tools. */
const ROLES: ReadonlyMap<string, string> = new Map([
  ["human", "user"],
  ["ai", "assistant"],
  ["gpt", "assistant"],
  ["llm", "assistant"],
  ["bot", "assistant"],
  ["model", "assistant"],
  ["function", "tool"],
]);

/**
 * Turns a body with messages in the form of OpenAI's APIs, chat-ui, the AI SDK, LangChain, ShareGPT or Gemini into
 * this API's form. A list is a body with these messages. Unknown forms are not changed: the schema refuses them.
 */
export function normalizeMessages(body: unknown): unknown {
  if (Array.isArray(body)) return { messages: body.map(normalizeMessage) };
  if (!isFields(body)) return body;
  const list = LISTS.map((name) => body[name]).find(Array.isArray);
  if (list === undefined) return body;
  const { conversations, contents, items, ...fields } = body;
  const { title, session } = body;
  const named = typeof title === "string" &&
    session === undefined && { session: { title: shortTitle(title) } };
  return { ...fields, ...named, messages: list.map(normalizeMessage) };
}

function normalizeMessage(message: unknown): unknown {
  if (!isFields(message)) return message;
  const { from, value, timestamp, ...fields } = fromItem(fromLangChain(message));
  const role = roleNamed(fields.role ?? from);
  const { content = fields.parts ?? value, tool_calls, refusal } = fields;
  const calls = Array.isArray(tool_calls) ? tool_calls.map(normalizeToolCall) : tool_calls;
  return {
    ...fields,
    ...(role !== undefined && { role }),
    ...normalizeId(fields.id),
    ...normalizeTime(fields.created_at, timestamp),
    ...normalizeContent(content, calls ?? refusal),
    ...(calls !== undefined && { tool_calls: calls ?? undefined }),
  };
}

const roleNamed = (role: unknown): unknown =>
  typeof role === "string" ? (ROLES.get(role.toLowerCase()) ?? role) : role;

/** LangChain stores a message's type, and all else as its data. */
function fromLangChain(message: Fields): Fields {
  const { type, data } = message;
  if (!isFields(data) || typeof type !== "string" || message.role !== undefined) return message;
  const { content, tool_calls, tool_call_id } = data;
  return {
    role: type,
    content,
    ...(Array.isArray(tool_calls) && tool_calls.length > 0 && { tool_calls }),
    ...(typeof tool_call_id === "string" && { tool_call_id }),
  };
}

/** Items of the Responses API have a type for messages too, and other names for the fields of calls. */
function fromItem(item: Fields): Fields {
  const { type, call_id, name, arguments: args, output, ...fields } = item;
  if (type === "message" && fields.role !== undefined) return fields;
  if (call_id === undefined) return item;
  if (type === "function_call")
    return { type, content: args, tool_calls: [{ id: call_id, name, arguments: args }] };
  return type === "function_call_output" ? { type, content: output, tool_call_id: call_id } : item;
}

function normalizeId(id: unknown): Fields {
  if (typeof id === "number") return { id: String(id) };
  return id === null ? { id: undefined } : {};
}

/** Times in seconds, in milliseconds, or with another zone than UTC. One without a zone is not known. */
function normalizeTime(created: unknown, timestamp: unknown): Fields {
  if (created === null) return { created_at: undefined };
  const isForeign = typeof created === "number" || /[+-]\d\d:?\d\d$/.test(textOf(created));
  if (isForeign) return { ...createdAt(created) };
  return created === undefined && typeof timestamp === "number" ? { ...createdAt(timestamp) } : {};
}

/** @param instead what an assistant without content has: calls, or a refusal */
function normalizeContent(content: unknown, instead: unknown): Fields {
  if (content === null || content === undefined) {
    // An assistant that calls tools says nothing.
    if (typeof instead === "string") return { content: instead };
    return Array.isArray(instead) ? { content: "" } : {};
  }
  if (!Array.isArray(content)) return { content };
  const texts = content.map((part) => (isFields(part) && TEXT_PARTS.has(part.type) ? part.text : undefined));
  if (texts.every((text) => typeof text === "string")) return { content: texts.join(""), parts: undefined };
  if (!content.every(isFields)) return { content };
  return {
    content: texts.filter((text) => typeof text === "string").join(""),
    parts: content.map(normalizePart),
  };
}

/** The AI SDK has images as files. */
const normalizePart = (part: Fields): Fields =>
  part.type === "file" && textOf(part.mediaType).startsWith("image/") && typeof part.url === "string"
    ? { type: "input_image", image_url: part.url }
    : part;

/** Gemini's have no type. */
const TEXT_PARTS: ReadonlySet<unknown> = new Set(["text", "input_text", "output_text", undefined]);

/** LangChain's calls have their arguments as an object. */
function normalizeToolCall(call: unknown): unknown {
  if (!isFields(call)) return call;
  const { name, arguments: given = call.args } = isFields(call.function) ? call.function : call;
  return { id: call.id, name, arguments: isFields(given) ? toJson(given) : given };
}
