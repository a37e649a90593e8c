import type { ChatModel } from "../chat/chat-model.ts";
import { Turnstile } from "./turnstile.ts";

/** A provider that this process has write so many answers at once; so many more wait for a place. */
export function capped(model: ChatModel, most: number, queue: number): ChatModel {
  const turnstile = new Turnstile(model.name, most, queue);
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
