import { statusResponse } from "@redis-memory-magic/protocol";
import { z } from "zod";
import type { Routes } from "../api.ts";

/** `GET /` and the health of the server. */
export const statusRoutes: Routes = (context) => async (app) => {
  app.get(
    "/",
    {
      schema: {
        tags: ["status"],
        summary: "What this is and what is available",
        response: { 200: statusResponse },
      },
    },
    async () => {
      const services = await Promise.all(
        context.providers.all.map(async (model) => {
          const { available } = await context.providers.availability(model);
          return [model.id, { stateless: available, stateful: available }] as const;
        }),
      );
      return {
        status: "running" as const,
        app: "Redis Memory Magic - Chat API Playground" as const,
        modes: {
          stateless: "No memory - each message is independent",
          stateful: "Redis-backed memory - maintains conversation history",
        },
        providers: Object.fromEntries(context.providers.all.map(({ id }) => [id, PROVIDER_DESCRIPTIONS[id]])),
        services_available: Object.fromEntries(services),
      };
    },
  );

  const live = z.object({ status: z.literal("ok") });
  app.get(
    "/health/live",
    { schema: { tags: ["status"], summary: "Whether the process answers", response: { 200: live } } },
    async () => ({
      status: "ok" as const,
    }),
  );

  const ready = z.object({ status: z.enum(["ready", "not_ready"]), missing: z.array(z.string()) });
  app.get(
    "/health/ready",
    {
      schema: {
        tags: ["status"],
        summary: "Whether all that a stateful turn needs is there",
        response: { 200: ready, 503: ready },
      },
    },
    async (_, reply) => {
      if (await context.storageReady()) return { status: "ready" as const, missing: [] };
      return reply.code(503).send({ status: "not_ready", missing: ["redis"] });
    },
  );
};

const PROVIDER_DESCRIPTIONS = {
  chatgpt: "OpenAI ChatGPT API (cloud)",
  ollama: "Ollama local inference (on-premises)",
  embedded: "Built-in model (llama.cpp, on this machine)",
  mirror: "Mirror (no AI): tells what it was sent",
} as const;
