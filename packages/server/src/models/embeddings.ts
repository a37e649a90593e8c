import { z } from "zod";
import type { Embeddings, EmbedRequest } from "../chat/chat-model.ts";
import { type ErrorTexts, explain, providerFailure } from "./provider-failure.ts";
import type { ProviderHttp } from "./provider-http.ts";

const answer = z.object({
  data: z.array(z.object({ index: z.int().nullish(), embedding: z.array(z.number()) })),
  usage: z.object({ prompt_tokens: z.int() }).nullish(),
});

/** Asks for vectors as OpenAI's API has them, which Ollama and others have too. @throws AppError */
export async function requestEmbeddings(
  http: ProviderHttp,
  errorTexts: ErrorTexts,
  request: EmbedRequest,
  signal: AbortSignal,
): Promise<Embeddings> {
  try {
    return await vectorsOf(http, request, signal);
  } catch (error) {
    throw explain(error, errorTexts, request.model);
  }
}

async function vectorsOf(
  http: ProviderHttp,
  { model, texts, dimensions }: EmbedRequest,
  signal: AbortSignal,
): Promise<Embeddings> {
  const body = {
    model,
    input: texts,
    encoding_format: "float",
    ...(dimensions !== undefined && { dimensions }),
  };
  const { data } = answer.safeParse(await http.postForJson("embeddings", body, signal));
  if (data?.data.length !== texts.length) throw providerFailure("provider_failed");
  const vectors: number[][] = [];
  for (const [n, { index, embedding }] of data.data.entries()) {
    const at = index ?? n;
    if (!(at in texts) || at in vectors) throw providerFailure("provider_failed");
    vectors[at] = embedding;
  }
  return { vectors, inputTokens: data.usage?.prompt_tokens ?? null };
}
