import { createEmbeddings, embeddings } from "@redis-memory-magic/protocol/openai";
import { AppError } from "../../errors/app-error.ts";
import { unsupported } from "../api-error.ts";
import { disconnected, MAX_BODY_BYTES } from "../long-request.ts";
import type { OpenAiRoutes } from "../openai-routes.ts";

const TIMEOUT_MS = 120_000;

/** Route for embeddings, which a provider makes. */
export const embeddingRoutes: OpenAiRoutes =
  ({ models, callerOf }) =>
  async (app) => {
    app.post(
      "/embeddings",
      {
        bodyLimit: MAX_BODY_BYTES,
        schema: {
          summary: "Create embeddings, by a model of Ollama or OpenAI",
          body: createEmbeddings,
          response: { 200: embeddings },
        },
      },
      async (request, reply) => {
        const { model: name, input, encoding_format: format, dimensions } = request.body;
        const { provider, model = "" } = await models.resolveEmbedding(name);
        if (!provider.embed) {
          throw unsupported("model", `${name} has no embeddings: name a model of Ollama or OpenAI that has`);
        }
        const texts = [input].flat();
        const info = { mode: "stateless", provider: provider.id, model } as const;
        const permit = await callerOf(request).admitTurn({ info, content: texts.join("\n"), price: null });
        const deadline = AbortSignal.timeout(TIMEOUT_MS);
        const signals = [disconnected(reply), deadline, permit.exhausted].filter((one) => one !== undefined);
        let used: number | undefined;
        try {
          const asked = { model, texts, ...(typeof dimensions === "number" && { dimensions }) };
          const { vectors, inputTokens } = await provider.embed(asked, AbortSignal.any(signals));
          used = inputTokens ?? 0;
          return {
            object: "list" as const,
            data: vectors.map((vector, index) => ({
              object: "embedding" as const,
              index,
              embedding: format === "base64" ? toBase64(vector) : [...vector],
            })),
            model: name,
            usage: { prompt_tokens: used, total_tokens: used },
          };
        } catch (error) {
          if (!deadline.aborted) throw error;
          throw new AppError(
            "provider_silent",
            `${provider.name} made no embeddings in ${TIMEOUT_MS / 1000} s.`,
          );
        } finally {
          const tokens = used !== undefined && { counted: used, reported: used, cached: 0, output: 0 };
          permit.settle(tokens ? { ...info, tokens } : undefined);
        }
      },
    );
  };

/** As OpenAI sends vectors: both SDKs ask for it. */
function toBase64(vector: readonly number[]): string {
  const bytes = Buffer.alloc(vector.length * 4);
  for (const [n, value] of vector.entries()) bytes.writeFloatLE(value, n * 4);
  return bytes.toString("base64");
}
