import { statusResponse } from "@redis-memory-magic/protocol";
import { z } from "zod";
import { readBuildInfo } from "../../observability/build-info.ts";
import type { Routes } from "../api.ts";

/** `GET /` and the health routes. */
export const statusRoutes: Routes = (context) => async (app) => {
  const build = readBuildInfo();
  app.get(
    "/",
    {
      schema: {
        tags: ["status"],
        summary: "The name of this server and its available providers",
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
        ...build,
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
    { schema: { tags: ["status"], summary: "200 while the process runs", response: { 200: live } } },
    async () => ({
      status: "ok" as const,
    }),
  );

  /** False if no provider except the mirror is known to be available. Does not wait for a provider. */
  const hasProvider = (): boolean => {
    const found = context.providers.all
      .filter(({ id }) => id !== "mirror")
      .map((model) => context.providers.lastKnown(model));
    return found.some((known) => known?.available ?? true);
  };

  const ready = z.object({
    status: z.enum(["ready", "not_ready"]),
    missing: z.array(z.string()),
    reason: z.string().optional().describe("Why a turn cannot be stored"),
  });
  app.get(
    "/health/ready",
    {
      schema: {
        tags: ["status"],
        summary: "200 if a turn could be stored, else 503 with the reason; and what is missing",
        response: { 200: ready, 503: ready },
      },
    },
    async (_, reply) => {
      const reason = await context.storageUnavailability();
      const missing = [...(reason === null ? [] : ["redis"]), ...(hasProvider() ? [] : ["provider"])];
      // Only Redis decides. An unavailable provider is unavailable to all servers: a load balancer would remove all of
      // them, and with them the stored sessions and the other providers.
      if (reason === null) return { status: "ready" as const, missing };
      return reply.code(503).send({ status: "not_ready", missing, reason });
    },
  );
};

const PROVIDER_DESCRIPTIONS = {
  chatgpt: "OpenAI ChatGPT API (cloud)",
  ollama: "Ollama local inference (on-premises)",
  embedded: "Built-in model (llama.cpp, on this machine)",
  mirror: "Mirror (no AI): repeats what it was sent",
} as const;
