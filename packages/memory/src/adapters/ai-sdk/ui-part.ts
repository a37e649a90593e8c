import type { UIMessage } from "ai";

/** A part of a message of the AI SDK. */
export type UiPart = UIMessage["parts"][number];

type NamedType = Exclude<UiPart["type"], `tool-${string}` | `data-${string}`>;

/** The AI SDK's types of parts, and which fields of each are always there, as texts. */
const FIELDS: Readonly<Record<NamedType, readonly string[]>> = {
  text: ["text"],
  reasoning: ["text"],
  "reasoning-file": ["mediaType", "url"],
  file: ["mediaType", "url"],
  "source-url": ["sourceId", "url"],
  "source-document": ["sourceId", "mediaType", "title"],
  "dynamic-tool": ["toolName", "toolCallId", "state"],
  custom: ["kind"],
  "steering-message": ["id"],
  "step-start": [],
};

/** True if the AI SDK reads the part. Other formats have parts of the same types, such as `file`, with other fields. */
export function isUiPart(part: unknown): part is UiPart {
  if (typeof part !== "object" || part === null) return false;
  const fields = part as Readonly<Record<string, unknown>>;
  const required = fieldsOfType(fields.type);
  if (required?.every((name) => typeof fields[name] === "string") !== true) return false;
  return fields.type !== "steering-message" || (Array.isArray(fields.parts) && fields.parts.every(isUiPart));
}

function fieldsOfType(type: unknown): readonly string[] | undefined {
  if (typeof type !== "string") return undefined;
  if (type.startsWith("tool-")) return ["toolCallId", "state"];
  if (type.startsWith("data-")) return [];
  return Object.hasOwn(FIELDS, type) ? FIELDS[type as NamedType] : undefined;
}
