import { z } from "zod";
import { memoryStrategy } from "../ids.ts";
import { safeJson } from "../items.ts";

/** A piece of a message's content. Fields that this server does not know are kept. */
const contentPart = z.looseObject({ type: z.string().max(64) });

/** What a provider added to a call. Clients send it back as it came. */
export const extraContent = safeJson
  .nullish()
  .describe("An extension of Gemini's: what it has added to this call, and wants back with it.");

/**
 * An item as clients send it. Clients leave out the type, the id or the status, and send fields and types that are
 * newer than this server: all of that is accepted.
 */
export const inputItem = z.looseObject({
  type: z.string().max(64).nullish(),
  id: z.string().max(2048).nullish(),
  role: z.enum(["user", "assistant", "system", "developer"]).nullish(),
  content: z.union([z.string(), z.array(contentPart)], "must be a string or a list of parts").nullish(),
  extra_content: extraContent,
});
export type InputItem = z.infer<typeof inputItem>;

export const input = z.union([z.string(), z.array(inputItem)], "must be a string or a list of items");

/** An item as the API sends it. */
export const outputItem = z.looseObject({ id: z.string(), type: z.string() });
export type ApiItem = z.infer<typeof outputItem>;

export const memory = memoryStrategy
  .nullish()
  .describe(
    "An extension: what is sent of a conversation that does not fit the context window. window: the newest of it. " +
      "recall, the default: also earlier turns that have words of the input. summary: also a table of contents of " +
      "the rest. recall+summary: both. Given, it implies truncation: auto.",
  );

export const notes = z
  .boolean()
  .nullish()
  .describe("An extension. true: the model is sent the owner's notes too, at the end of the instructions.");

export const otherSessions = z
  .boolean()
  .nullish()
  .describe(
    "An extension. true: recall also searches the owner's other conversations. Given, it implies truncation: auto.",
  );

/** Up to 16 pairs. */
export const metadata = z
  .record(z.string().max(64), z.string().max(512))
  .refine((pairs) => Object.keys(pairs).length <= 16, "must have at most 16 pairs");
export type ApiMetadata = z.infer<typeof metadata>;

/** What a list's address can ask for. */
export const listQuery = z.object({
  limit: z.coerce.number().int().min(1).max(100).default(20),
  order: z.enum(["asc", "desc"]).default("desc"),
  after: z.string().max(2048).optional(),
});
export type ListQuery = z.infer<typeof listQuery>;

const values = z.union([z.string(), z.array(z.string())]).optional();
/** What an address asks for beside the items; SDKs write `include[]`. */
export const includeQuery = z.object({ include: values, "include[]": values });
export type IncludeQuery = z.infer<typeof includeQuery>;

/** A page of a list. */
export const itemList = z.object({
  object: z.literal("list"),
  data: z.array(outputItem),
  first_id: z.string().nullable(),
  last_id: z.string().nullable(),
  has_more: z.boolean(),
});
export type ItemList = z.infer<typeof itemList>;

/** An error as OpenAI's API sends it. */
export const openAiError = z.object({
  error: z.object({
    message: z.string(),
    type: z.string(),
    param: z.string().nullable(),
    code: z.string().nullable(),
  }),
});
export type OpenAiError = z.infer<typeof openAiError>;
