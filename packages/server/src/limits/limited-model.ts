import type { ChatModel } from "../chat/chat-model.ts";
import { AppError } from "../errors/app-error.ts";
import type { Semaphore } from "../semaphore.ts";

/** Every member of a `ChatModel`, so that one that is added is not left out here. */
type Forwarded = { readonly [Name in keyof Required<ChatModel>]: ChatModel[Name] };

/** A provider that this process asks for a limited number of answers and embeddings at once. */
export function limitedModel(model: ChatModel, semaphore: Semaphore): ChatModel {
  const limited = async <Result>(signal: AbortSignal, call: () => Promise<Result>): Promise<Result> => {
    const release = await semaphore.acquire(signal);
    try {
      return await call();
    } finally {
      release();
    }
  };
  const embed = model.embed?.bind(model);
  const { summaries } = model;
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
    isSameModel: model.isSameModel?.bind(model),
    summaries: summaries && {
      isLargeEnough: (name) => summaries.isLargeEnough(name),
      concurrency: semaphore.permits,
    },
    prepare: model.prepare?.bind(model),
    generate: (request, sink, signal) => limited(signal, () => model.generate(request, sink, signal)),
    embed: embed && ((request, signal) => limited(signal, () => embed(request, signal))),
  } satisfies Forwarded;
}

/** The error when this provider's queue is full. */
export const queueFull = (name: string, waiting: number): AppError =>
  new AppError(
    "provider_overloaded",
    `${name} has as many answers to write as this server allows, and ${waiting} are waiting already. Try again in a moment, or choose another provider.`,
    { retryAfter: 5 },
  );
