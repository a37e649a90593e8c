import type { ChatModel } from "../chat/chat-model.ts";
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
