import { z } from "zod";

export const ROLES = ["system", "developer", "user", "assistant", "tool"] as const;
export const role = z.enum(ROLES);

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

// Not z.json(): its JSON Schema refers to itself by a name that the OpenAPI document does not have.
export const json: z.ZodType<Json> = z.any();

const MAX_DEPTH = 100;

// Not z.json(): that follows a value however deep it is, and a hostile one is deeper than the stack.
function isJson(value: unknown, depth = 0): boolean {
  if (typeof value === "string") return value.isWellFormed();
  if (typeof value === "number") return Number.isFinite(value);
  if (typeof value !== "object" || value === null) return true;
  if (depth === MAX_DEPTH) return false;
  return Object.entries(value).every(([key, item]) => key.isWellFormed() && isJson(item, depth + 1));
}

/** JSON that a client sends. */
export const safeJson = json.refine(
  (value) => isJson(value),
  `must be JSON of at most ${MAX_DEPTH} levels, without half of a surrogate pair`,
);

export const toolCall = z.object({ id: z.string(), name: z.string(), arguments: z.string() });

/** What every entry of a conversation has. */
const content = {
  content: z.string().describe("Its text; of a function call its arguments."),
  tool_calls: z.array(toolCall).optional(),
  tool_call_id: z.string().optional().describe("The call whose output it is."),
  parts: json.optional().describe("Its full content where text is not all of it, in its writer's format."),
};

/** The type of an item without a role. */
export const itemType = z
  .string()
  .regex(
    /^(?!(?:message|system|developer|user|assistant|tool)$)[A-Za-z][\w.:-]{0,63}$/,
    "must be 1–64 letters, digits, dots, colons, hyphens or underscores, and no role",
  );

/** An item that a model made. */
export const outputItem = z.object({
  type: z
    .string()
    .describe("message, reasoning, function_call, function_call_output, or another that is kept as it is."),
  role: role.optional().describe("Of a message."),
  ...content,
});
export type OutputItem = z.infer<typeof outputItem>;
