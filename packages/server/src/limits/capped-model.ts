import type { ChatModel } from "../chat/chat-model.ts";
import { AppError } from "../errors/app-error.ts";
import type { Turnstile } from "./turnstile.ts";

/** A provider that this process has write only so many answers at once. */
export function capped(model: ChatModel, turnstile: Turnstile): ChatModel {
  return {
    id: model.id,
    name: model.name,
    get defaultModel() {
      return model.defaultModel;
    },
    availability: () => model.availability(),
    wireRequest: (request) => model.wireRequest(request),
    close: () => model.close(),
    ...(model.countTokens && { countTokens: model.countTokens.bind(model) }),
    ...(model.prepare && { prepare: model.prepare.bind(model) }),
    async generate(request, sink, signal) {
      const leave = await turnstile.enter(signal);
      try {
        return await model.generate(request, sink, signal);
      } finally {
        leave();
      }
    },
  };
}

/** What who asks is told when so many wait for this provider already. */
export const overloaded = (name: string, waiting: number): AppError =>
  new AppError(
    "provider_overloaded",
    `${name} has as many answers to write as this server allows, and ${waiting} are waiting already. Try again in a moment, or choose another provider.`,
    { retryAfter: 5 },
  );
