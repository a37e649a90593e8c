import { createEmbeddings, embeddings } from "@redis-memory-magic/protocol/openai";
import type { BuiltInEmbedding } from "../../chat/built-in-embedding.ts";
import type { ChatModel } from "../../chat/chat-model.ts";
import { AppError } from "../../errors/app-error.ts";
import { disconnected } from "../../http/wire/disconnected.ts";
import { MAX_MESSAGE_BYTES } from "../../http/wire/web-socket.ts";
import { estimateTokens } from "../../limits/turn-budget.ts";
import { unsupported } from "../api-error.ts";
import { isNameOf } from "../model-names.ts";
import type { OpenAiRoutes } from "../openai-routes.ts";

const TIMEOUT_MS = 120_000;

/** The built-in embedding model as a provider. It is fetched when it is first asked. */
function builtIn(model: BuiltInEmbedding): Pick<ChatModel, "id" | "name" | "embed"> {
  return {
    id: "embedded",
    name: "Built-in",
    embed: async ({ texts, dimensions }, signal) => {
      if (dimensions !== undefined && dimensions !== model.dimensions) {
        throw unsupported("dimensions", `${model.id} has ${model.dimensions} dimensions`);
      }
      void model.prepare();
      const vectors = await model.embed(texts, "request", signal);
      return { vectors: vectors.map((vector) => [...vector]), inputTokens: null };
    },
  };
}

/** Route for embeddings, which a provider makes. */
export const embeddingRoutes: OpenAiRoutes =
  ({ models, providers, callerOf, embedding }) =>
  async (app) => {
    app.post(
      "/embeddings",
      {
        bodyLimit: MAX_MESSAGE_BYTES,
        schema: {
          summary: "Create embeddings, by a model of Ollama or OpenAI, or by the built-in one",
          body: createEmbeddings,
          response: { 200: embeddings },
        },
      },
      async (request, reply) => {
        const { model: name, input, encoding_format: format, dimensions } = request.body;
        const own = embedding !== undefined && isNameOf(embedding, name) ? embedding : undefined;
        const { provider, model = "" } = own
          ? { provider: builtIn(own), model: own.id }
          : await models.resolveEmbedding(name);
        if (!provider.embed) {
          throw unsupported("model", `${name} has no embeddings: name a model of Ollama or OpenAI that has`);
        }
        const texts = [input].flat();
        const info = { mode: "stateless", provider: provider.id, model } as const;
        const content = texts.join("\n");
        const counted = Math.ceil(estimateTokens(content));
        const permit = await callerOf(request).admitTurn({ info, content, price: null });
        const clientGone = disconnected(reply);
        const stopped = AbortSignal.any([clientGone, permit.exhausted].filter((one) => one !== undefined));
        let deadline: AbortSignal | undefined;
        let release = (): void => {};
        let reported: number | null = null;
        try {
          const asked = { model, texts, ...(typeof dimensions === "number" && { dimensions }) };
          // The built-in embedding model is no part of the built-in provider, and has a queue of its own.
          if (!own) release = await providers.acquire(provider, stopped);
          await permit.sent(counted);
          deadline = AbortSignal.timeout(TIMEOUT_MS);
          const signal = AbortSignal.any([stopped, deadline]);
          const { vectors, inputTokens } = await provider.embed(asked, signal);
          reported = inputTokens;
          const used = reported ?? counted;
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
          if (clientGone.aborted) return reply.hijack();
          if (!deadline?.aborted) throw error;
          throw new AppError(
            "provider_silent",
            `${provider.name} made no embeddings in ${TIMEOUT_MS / 1000} s.`,
          );
        } finally {
          release();
          permit.settle({ ...info, tokens: { counted, reported, cached: 0, output: 0 } });
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
