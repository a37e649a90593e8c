import { model, modelList } from "@redis-memory-magic/protocol/openai";
import { z } from "zod";
import type { OpenAiRoutes } from "../openai-routes.ts";

/** Routes that list the models. */
export const modelRoutes: OpenAiRoutes =
  ({ models }) =>
  async (app) => {
    app.get(
      "/models",
      { schema: { summary: "The models of all available providers", response: { 200: modelList } } },
      async () => ({ object: "list" as const, data: await models.list() }),
    );

    app.get(
      // A name may have a slash in it.
      "/models/*",
      {
        schema: {
          summary: "One model: its name follows /v1/models/",
          params: z.object({ "*": z.string() }),
          response: { 200: model },
        },
      },
      async (request) => {
        const name = request.params["*"];
        const { provider } = await models.resolve(name);
        return { id: name, object: "model" as const, created: 0, owned_by: provider };
      },
    );
  };
