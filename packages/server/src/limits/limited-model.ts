import type { ChatModel } from "../chat/chat-model.ts";
import { AppError } from "../errors/app-error.ts";
import type { Semaphore } from "../semaphore.ts";

/** A provider that this process asks for a limited number of answers at once. */
export function limitedModel(model: ChatModel, semaphore: Semaphore): ChatModel {
  return {
    id: model.id,
    name: model.name,
    get defaultModel() {
      return model.defaultModel;
    },
    settings: model.settings,
    lacks: model.lacks,
    availability: () => model.availability(),
    wireRequest: (request) => model.wireRequest(request),
    close: () => model.close(),
    // Read at each use: whether the server has a tokenizer is known only after a probe.
    get countTokens() {
      return model.countTokens?.bind(model);
    },
    ...(model.isSameModel && { isSameModel: model.isSameModel.bind(model) }),
    ...(model.prepare && { prepare: model.prepare.bind(model) }),
    async generate(request, sink, signal) {
      const release = await semaphore.acquire(signal);
      try {
        return await model.generate(request, sink, signal);
      } finally {
        release();
      }
    },
  };
}

/** The error when this provider's queue is full. */
export const queueFull = (name: string, waiting: number): AppError =>
  new AppError(
    "provider_overloaded",
    `${name} has as many answers to write as this server allows, and ${waiting} are waiting already. Try again in a moment, or choose another provider.`,
    { retryAfter: 5 },
  );
