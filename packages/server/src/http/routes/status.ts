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

  /** Whether one that is a model answers, as far as is known: a probe must not wait for a provider. */
  const hasProvider = (): boolean => {
    const found = context.providers.all
      .filter(({ id }) => id !== "mirror")
      .map((model) => context.providers.lastKnown(model));
    return found.some((known) => known?.available ?? true);
  };

  const ready = z.object({ status: z.enum(["ready", "not_ready"]), missing: z.array(z.string()) });
  app.get(
    "/health/ready",
    {
      schema: {
        tags: ["status"],
        summary: "Whether to send requests here (200 or 503), and what is missing",
        response: { 200: ready, 503: ready },
      },
    },
    async (_, reply) => {
      const redis = await context.storageReady();
      const missing = [...(redis ? [] : ["redis"]), ...(hasProvider() ? [] : ["provider"])];
      // Redis alone decides. A provider that is away is away for every server: were they not ready for that, a balancer
      // would take all of them out at once, and with them the sessions, the other providers and the reason to be read.
      if (redis) return { status: "ready" as const, missing };
      return reply.code(503).send({ status: "not_ready", missing });
    },
  );
};

const PROVIDER_DESCRIPTIONS = {
  chatgpt: "OpenAI ChatGPT API (cloud)",
  ollama: "Ollama local inference (on-premises)",
  embedded: "Built-in model (llama.cpp, on this machine)",
  mirror: "Mirror (no AI): tells what it was sent",
} as const;
