import { model, modelList } from "@redis-memory-magic/protocol/openai";
import { z } from "zod";
import { isNameOf } from "../model-names.ts";
import type { OpenAiRoutes } from "../openai-routes.ts";

/** Routes that list the models. */
export const modelRoutes: OpenAiRoutes =
  ({ models, embedding }) =>
  async (app) => {
    const builtIn = (id: string) => ({ id, object: "model" as const, created: 0, owned_by: "embedded" });

    app.get(
      "/models",
      {
        schema: {
          summary: "The models of all available providers, and the built-in embedding model",
          response: { 200: modelList },
        },
      },
      async () => {
        const data = await models.list();
        const isNew = embedding !== undefined && !data.some(({ id }) => id === embedding.id);
        return { object: "list" as const, data: isNew ? [...data, builtIn(embedding.id)] : data };
      },
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
        if (embedding !== undefined && isNameOf(embedding, name)) return builtIn(name);
        const { provider } = await models.resolve(name);
        return { id: name, object: "model" as const, created: 0, owned_by: provider };
      },
    );
  };
