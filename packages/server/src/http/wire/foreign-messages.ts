import { type Fields, isFields } from "../../fields.ts";

/**
 * Turns a body with messages in OpenAI's, chat-ui's or the AI SDK's form into this API's form. A list is a body with
 * these messages. Unknown forms are not changed: the schema refuses them.
 */
export function normalizeMessages(body: unknown): unknown {
  if (Array.isArray(body)) return { messages: body.map(normalizeMessage) };
  if (!isFields(body) || !Array.isArray(body.messages)) return body;
  const { title, session } = body;
  const named = typeof title === "string" &&
    session === undefined && { session: { title: shortTitle(title) } };
  return { ...body, ...named, messages: body.messages.map(normalizeMessage) };
}

const shortTitle = (title: string): string => [...title].slice(0, 80).join("");

function normalizeMessage(message: unknown): unknown {
  if (!isFields(message)) return message;
  const { from, ...fields } = message;
  const role = fields.role ?? from;
  const { content = fields.parts, tool_calls, refusal } = fields;
  const calls = Array.isArray(tool_calls) ? tool_calls.map(normalizeToolCall) : tool_calls;
  return {
    ...fields,
    ...(role !== undefined && { role }),
    ...normalizeContent(content, calls ?? refusal),
    ...(calls !== undefined && { tool_calls: calls ?? undefined }),
  };
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
  part.type === "file" && String(part.mediaType).startsWith("image/") && typeof part.url === "string"
    ? { type: "input_image", image_url: part.url }
    : part;

const TEXT_PARTS: ReadonlySet<unknown> = new Set(["text", "input_text", "output_text"]);

const normalizeToolCall = (call: unknown): unknown =>
  isFields(call) && isFields(call.function)
    ? { id: call.id, name: call.function.name, arguments: call.function.arguments }
    : call;
