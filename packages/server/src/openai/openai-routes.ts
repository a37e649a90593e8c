import { problem } from "@redis-memory-magic/protocol";
import { openAiError } from "@redis-memory-magic/protocol/openai";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import type { BuiltInEmbedding } from "../chat/built-in-embedding.ts";
import type { ApiContext, App } from "../http/api.ts";
import { renderErrors, type SendError } from "../http/problems.ts";
import { toOpenAiError } from "./api-error.ts";
import type { ModelNames } from "./model-names.ts";
import { responseSocket } from "./response-socket.ts";
import { chatCompletionRoutes } from "./routes/chat-completions.ts";
import { conversationRoutes } from "./routes/conversations.ts";
import { embeddingRoutes } from "./routes/embeddings.ts";
import { modelRoutes } from "./routes/models.ts";
import { responseRoutes } from "./routes/responses.ts";
import { refuseMalformedText } from "./well-formed.ts";

/** The parts that the routes of this API use. */
export interface OpenAiContext
  extends Pick<ApiContext, "chat" | "providers" | "reports" | "callerOf" | "metrics" | "limits"> {
  readonly models: ModelNames;
  /** The built-in model for embeddings, if it is not switched off. */
  readonly embedding?: BuiltInEmbedding | undefined;
  /** Of a session that this API makes. */
  readonly ttlSeconds: number;
}

/** Adds routes to the scope of this API. */
export type OpenAiRoutes = (context: OpenAiContext) => (scope: App) => Promise<void>;

/** The OpenAI-compatible API. Its errors are those of OpenAI's. */
export const openAiRoutes: OpenAiRoutes = (context) => async (app) => {
  const v1: FastifyPluginAsyncZod = async (scope) => {
    renderErrors(scope, context.metrics, sendError);
    scope.addHook("onRoute", ({ schema }) => {
      if (!schema) return;
      schema.tags = ["openai"];
      schema.response = { ...(schema.response as object), ...ERRORS };
    });
    scope.addHook("preValidation", async ({ body }) => refuseMalformedText(body));
    for (const routes of [
      modelRoutes,
      responseRoutes,
      responseSocket,
      conversationRoutes,
      chatCompletionRoutes,
      embeddingRoutes,
    ]) {
      await routes(context)(scope);
    }
  };
  await app.register(v1, { prefix: "/v1" });
};

const sendError: SendError = (reply, error) => {
  const { status, body } = toOpenAiError(error);
  // Both SDKs then wait and send the request again.
  if (error.code === "conversation_locked")
    reply.headers({ "x-should-retry": "true", "retry-after-ms": "1000" });
  return reply.code(status).send(body);
};

// What Node.js cannot read as a request is answered before a route is known.
const WITHOUT_ROUTE = new Set([400, 408, 431]);

const ERRORS = Object.fromEntries(
  [400, 401, 403, 404, 408, 413, 415, 429, 431, 500, 503].map((status) => [
    status,
    {
      description: "An error",
      content: {
        "application/json": { schema: openAiError },
        ...(WITHOUT_ROUTE.has(status) && { "application/problem+json": { schema: problem } }),
      },
    },
  ]),
);
