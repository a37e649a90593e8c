import type { Json, NewMessage } from "../history/item.ts";

// As deep as metadata may be, one level less.
const MAX_DEPTH = 99;

/** A message as it can be kept: half surrogate pairs, which other languages can write, become U+FFFD. */
export function sanitize<M extends NewMessage>(message: M): M {
  const { content, toolCalls, toolCallId, metadata } = message;
  return {
    ...message,
    content: content.toWellFormed(),
    ...(toolCallId !== undefined && { toolCallId: toolCallId.toWellFormed() }),
    ...(toolCalls && {
      toolCalls: toolCalls.map((call) => ({
        id: call.id.toWellFormed(),
        name: call.name.toWellFormed(),
        arguments: call.arguments.toWellFormed(),
      })),
    }),
    ...(metadata !== undefined && { metadata: sanitizeJson(metadata) }),
  };
}

/** What is deeper than metadata may be becomes its JSON text. */
function sanitizeJson(value: Json, depth = 0): Json {
  if (typeof value === "string") return value.toWellFormed();
  if (typeof value !== "object" || value === null) return value;
  if (depth === MAX_DEPTH) return JSON.stringify(value).toWellFormed();
  if (Array.isArray(value)) return value.map((item: Json) => sanitizeJson(item, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key.toWellFormed(), sanitizeJson(item, depth + 1)]),
  );
}
