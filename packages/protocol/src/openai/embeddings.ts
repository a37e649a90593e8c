import { z } from "zod";

const text = z
  .string("must be a text, and not token ids: in LangChain, set check_embedding_ctx_length=False")
  .min(1, "must not be empty");

/** The body of `POST /v1/embeddings`. Fields that are not here are ignored. */
export const createEmbeddings = z.looseObject({
  model: z.string().min(1, "must not be empty").max(200),
  input: z.union(
    [text, z.array(text).min(1, "must not be empty").max(2048)],
    "must be a text or a list of texts",
  ),
  encoding_format: z.enum(["float", "base64"]).nullish().describe("Default: float."),
  dimensions: z.int().min(1).max(65_536).nullish(),
});

export const embeddings = z.object({
  object: z.literal("list"),
  data: z.array(
    z.object({
      object: z.literal("embedding"),
      index: z.int(),
      embedding: z.union([z.array(z.number()), z.string().describe("Little-endian 32-bit floats, base64")]),
    }),
  ),
  model: z.string(),
  usage: z.object({ prompt_tokens: z.int(), total_tokens: z.int() }),
});
