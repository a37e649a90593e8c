import type { Json, NewMessage, Role, ToolCall } from "../history/item.ts";
import { isRole } from "../history/item.ts";
import { isObject, type JsonObject, withoutEmpty } from "./parse.ts";

const ROLES: ReadonlyMap<string, Role> = new Map([
  ["human", "user"],
  ["ai", "assistant"],
  ["system", "system"],
  ["developer", "system"],
  ["tool", "tool"],
  ["function", "tool"],
  ["HumanMessageChunk", "user"],
  ["AIMessageChunk", "assistant"],
  ["SystemMessageChunk", "system"],
  ["ToolMessageChunk", "tool"],
  ["FunctionMessageChunk", "tool"],
]);
const OF_ANY_ROLE = ["generic", "chat", "ChatMessageChunk"];

/**
 * A message as LangChain stores it, `{type, data}` or in the older form `{type, role, text}`; undefined for
 * what is none. What has no field here (blocks of content, names, usage) stays in `metadata.langchain`.
 */
export function toMessage(stored: JsonObject): NewMessage | undefined {
  const { type } = stored;
  const data = isObject(stored.data)
    ? stored.data
    : { content: stored.text ?? null, role: stored.role ?? null };
  const { content, tool_call_id: toolCallId, id, type: _, tool_calls: calls, ...rest } = data;
  const role = toRole(type, data.role);
  const text = textOf(content);
  if (role === undefined || text === undefined) return undefined;
  const toolCalls = toToolCalls(calls, data.additional_kwargs);
  const langchain = withoutEmpty({
    ...rest,
    role: isRole(data.role) ? undefined : data.role,
    content: typeof content === "string" ? undefined : content,
    type: type === "function" ? type : undefined,
  });
  return {
    role,
    content: text,
    ...(typeof id === "string" && id !== "" && { id }),
    ...(toolCalls.length > 0 && { toolCalls }),
    ...(typeof toolCallId === "string" && { toolCallId }),
    ...(langchain && { metadata: { langchain } }),
  };
}

// A role that a chat message made up is kept in its metadata; a model would be sent it as the user's.
function toRole(type: Json | undefined, role: Json | undefined): Role | undefined {
  if (typeof type !== "string") return undefined;
  if (OF_ANY_ROLE.includes(type)) return isRole(role) ? role : (ROLES.get(String(role)) ?? "user");
  return ROLES.get(type);
}

/** Of blocks, the texts together. */
function textOf(content: Json | undefined): string | undefined {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return undefined;
  return content
    .map((block: Json) => (typeof block === "string" ? block : isObject(block) ? block.text : undefined))
    .filter((text) => typeof text === "string")
    .join("");
}

function toToolCalls(calls: Json | undefined, kwargs: Json | undefined): ToolCall[] {
  if (Array.isArray(calls) && calls.length > 0) {
    return calls.filter(isObject).map((call: JsonObject) => ({
      id: String(call.id ?? ""),
      name: String(call.name ?? ""),
      arguments: JSON.stringify(call.args ?? {}),
    }));
  }
  // As OpenAI's API had them, before LangChain had a field of its own.
  const raw = isObject(kwargs) && Array.isArray(kwargs.tool_calls) ? kwargs.tool_calls : [];
  return raw.filter(isObject).flatMap((call: JsonObject) => {
    const { function: called } = call;
    if (!isObject(called)) return [];
    return {
      id: String(call.id ?? ""),
      name: String(called.name ?? ""),
      arguments: String(called.arguments ?? ""),
    };
  });
}
