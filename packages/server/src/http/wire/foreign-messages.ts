import { AppError } from "../../errors/app-error.ts";

type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * Turns a body with messages in OpenAI's, chat-ui's or the AI SDK's form into this API's form. A list is a body with
 * these messages. What it does not know stays as it is, for the schema to refuse.
 * @throws AppError `invalid_request` for a whole export of another chat, with its name
 */
export function normalizeMessages(body: unknown): unknown {
  const from = exportOf(body);
  if (from !== undefined) {
    const message = `is an export of ${from}, which cannot be imported. Send {"messages": [{"role": "user", "content": "…"}, …]} for each conversation`;
    throw new AppError("invalid_request", `The body ${message}.`, { errors: [{ field: "body", message }] });
  }
  if (Array.isArray(body)) return { messages: body.map(normalizeMessage) };
  if (!isFields(body) || !Array.isArray(body.messages)) return body;
  return { ...body, messages: body.messages.map(normalizeMessage) };
}

/** The chat that a file comes from, by fields that only its exports have. */
function exportOf(body: unknown): string | undefined {
  const [first] = Array.isArray(body) ? body : [body];
  if (!isFields(first)) return undefined;
  if (isFields(first.mapping)) return "ChatGPT";
  if (Array.isArray(first.chat_messages)) return "Claude";
  if (isFields(first.chat) && isFields(first.chat.history)) return "Open WebUI";
  const [message] = Array.isArray(first.messages) ? first.messages : [];
  return isFields(message) && "isCreatedByUser" in message ? "LibreChat" : undefined;
}

function normalizeMessage(message: unknown): unknown {
  if (!isFields(message)) return message;
  const { from, parts, ...fields } = message;
  const role = fields.role ?? from;
  const { content = parts, tool_calls } = fields;
  const calls = Array.isArray(tool_calls) ? tool_calls.map(normalizeToolCall) : tool_calls;
  return {
    ...fields,
    ...(role !== undefined && { role }),
    content: normalizeContent(content, calls),
    ...(calls !== undefined && { tool_calls: calls ?? undefined }),
  };
}

function normalizeContent(content: unknown, calls: unknown): unknown {
  // An assistant that calls tools says nothing.
  if ((content === null || content === undefined) && Array.isArray(calls)) return "";
  if (!Array.isArray(content)) return content;
  const texts = content.map((part) => (isFields(part) && TEXT_PARTS.has(part.type) ? part.text : undefined));
  return texts.every((text) => typeof text === "string") ? texts.join("") : content;
}

const TEXT_PARTS: ReadonlySet<unknown> = new Set(["text", "input_text", "output_text"]);

const normalizeToolCall = (call: unknown): unknown =>
  isFields(call) && isFields(call.function)
    ? { id: call.id, name: call.function.name, arguments: call.function.arguments }
    : call;
