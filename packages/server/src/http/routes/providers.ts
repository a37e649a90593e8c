import { providersResponse } from "@redis-memory-magic/protocol";
import { settingNames } from "../../chat/model-settings.ts";
import type { Routes } from "../api.ts";

/** Route that lists the providers. */
export const providerRoutes: Routes = (context) => async (app) => {
  app.get(
    "/providers",
    {
      schema: {
        tags: ["status"],
        summary: "Providers, their models, and why one is not available",
        response: { 200: providersResponse },
      },
    },
    async () => {
      const providers = await Promise.all(
        context.providers.all.map(async (model) => {
          const { progress, models, ...availability } = await context.providers.availability(model);
          return {
            id: model.id,
            name: model.name,
            ...availability,
            ...(progress && {
              progress: { received_bytes: progress.receivedBytes, total_bytes: progress.totalBytes },
            }),
            settings: settingNames(model.settings),
            default_model: model.defaultModel,
            models: [...models],
          };
        }),
      );
      return {
        providers,
        default_provider: await context.providers.defaultProvider(),
        default_mode: context.defaultMode,
        max_message_chars: context.maxStreamedMessageChars,
        max_image_bytes: context.maxImageBytes,
        session_ttl_seconds: context.sessionTtlSeconds,
      };
    },
  );
};
