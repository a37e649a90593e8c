import type { ModelInfo, ProviderId } from "@redis-memory-magic/protocol";
import { AppError } from "../errors/app-error.ts";
import { Semaphore } from "../semaphore.ts";
import type { Availability, ChatModel } from "./chat-model.ts";

// The order in which the default provider is chosen.
const PREFERENCE: readonly ProviderId[] = ["chatgpt", "ollama", "embedded", "mirror"];
const FRESH_MS = 5000;
/** A provider that does not answer holds up a list of them for seconds: not for each reader of it. */
const FAILURE_FRESH_MS = 1500;
const MAX_AGE_MS = 30_000;
// Watching the providers costs each of them no more than a probe in so long.
const WATCHED_MS = 30_000;
/** How long a request waits for other answers of its provider. Most clients give up after so long. */
export const MAX_QUEUED_MS = 600_000;
/** A client that begins to follow a turn meanwhile learns why it waits. */
const STILL_QUEUED_MS = 5000;

/** One for all: a function of its own would keep what it was created in for as long as an answer runs. */
const NOTHING = (): void => {};

interface Probe {
  at: number;
  last?: Availability;
  pending?: Promise<Availability>;
}

interface ProvidersOptions {
  readonly defaultProvider?: ProviderId | undefined;
  /** How many answers and embeddings this process asks of a provider at once; absent: any number. */
  readonly concurrency?: ReadonlyMap<ProviderId, number>;
  /** How many requests may wait for each of these. */
  readonly queue?: number;
  /** The time in milliseconds. */
  readonly now?: () => number;
}

/** The providers, what is known of their availability (probed, and good for seconds), and how many requests they have. */
export class Providers {
  readonly all: readonly ChatModel[];
  /** Of the providers with limited concurrency. */
  readonly queues: ReadonlyMap<ProviderId, Semaphore>;
  readonly #byId: ReadonlyMap<ProviderId, ChatModel>;
  readonly #probes = new Map<ProviderId, Probe>();
  readonly #default: ProviderId | undefined;
  readonly #now: () => number;

  constructor(
    models: readonly ChatModel[],
    { defaultProvider, concurrency, queue = 0, now = () => performance.now() }: ProvidersOptions = {},
  ) {
    this.#now = now;
    this.all = models;
    this.#byId = new Map(models.map((model) => [model.id, model]));
    this.#default = defaultProvider;
    this.queues = new Map(
      models.flatMap(({ id, name }) => {
        const permits = concurrency?.get(id);
        return permits === undefined
          ? []
          : [[id, new Semaphore(permits, queue, () => queueFull(name, queue))] as const];
      }),
    );
  }

  /**
   * Waits until this process may ask the provider. Resolves with a function to call when it has answered.
   * @param onQueued called every few seconds while the request waits for a permit, from the beginning; if it throws,
   * the request no longer waits, and this rejects with its error
   * @throws AppError `provider_overloaded`; or the signal's reason
   */
  async acquire(
    { id, name }: Pick<ChatModel, "id" | "name">,
    signal: AbortSignal,
    onQueued = (): void => {},
  ): Promise<() => void> {
    const queue = this.queues.get(id);
    if (queue === undefined) return NOTHING;
    if (!queue.hasToWait) return queue.acquire(signal);
    const giveUp = new AbortController();
    const permit = queue.acquire(AbortSignal.any([signal, giveUp.signal]));
    const showQueued = (): void => {
      try {
        onQueued();
      } catch (error) {
        giveUp.abort(error);
      }
    };
    const timer = setTimeout(() => giveUp.abort(queuedTooLong(name)), MAX_QUEUED_MS);
    const stillQueued = setInterval(showQueued, STILL_QUEUED_MS);
    showQueued();
    try {
      return await permit;
    } finally {
      clearTimeout(timer);
      clearInterval(stillQueued);
    }
  }

  /** How many summaries and answers a provider writes at once. When a turn begins beyond that, summaries are given up. */
  answersAtOnce(model: ChatModel): number {
    return this.queues.get(model.id)?.permits ?? model.summaries?.concurrency ?? 0;
  }

  /** @param keepFailures false for a turn: a user who asks again must not be refused by an old probe */
  async availability(model: ChatModel, keepFailures = true): Promise<Availability> {
    const probe = this.#probes.get(model.id) ?? { at: Number.NEGATIVE_INFINITY };
    this.#probes.set(model.id, probe);
    const age = this.#now() - probe.at;
    const freshMs = probe.last?.available ? FRESH_MS : keepFailures ? FAILURE_FRESH_MS : 0;
    if (probe.last && age < freshMs) return probe.last;
    probe.pending ??= model.availability().then((availability) => {
      probe.last = availability;
      probe.at = this.#now();
      delete probe.pending;
      return availability;
    });
    // A provider that was available a moment ago is not waited for: if it is gone, the call itself will say so.
    return probe.last?.available && age < MAX_AGE_MS ? probe.last : probe.pending;
  }

  /** Drops what is known of a provider that a call could not reach. */
  forget(id: ProviderId): void {
    this.#probes.delete(id);
  }

  /**
   * What the last probe found; undefined before there was one. Never waits: when it is old, another probe begins, and
   * the next call returns its result.
   */
  lastKnown(model: ChatModel): Availability | undefined {
    const { at = Number.NEGATIVE_INFINITY, last } = this.#probes.get(model.id) ?? {};
    if (this.#now() - at > WATCHED_MS) void this.availability(model);
    return last;
  }

  /** The provider and its model, ready to be asked. @throws AppError `provider_unavailable` */
  async ready(
    id: ProviderId,
    modelName: string | undefined,
  ): Promise<{ model: ChatModel; info: ModelInfo; listed: boolean }> {
    const model = this.get(id);
    const { available, reason, action, models } = await this.availability(model, false);
    if (!available) {
      void model.prepare?.();
      const sentences = [`${model.name} is not available.`, reason, action].filter(
        (part) => part !== undefined,
      );
      throw new AppError("provider_unavailable", sentences.join(" "));
    }
    const name = modelName ?? model.defaultModel;
    const info =
      models.find((candidate) => candidate.id === name) ??
      models.find((candidate) => model.isSameModel?.(candidate.id, name));
    const listed = info !== undefined;
    return { model, info: info ?? { id: name, context_window: null, price: null }, listed };
  }

  get(id: ProviderId): ChatModel {
    const model = this.#byId.get(id);
    if (model === undefined)
      throw new AppError("provider_unavailable", `The provider ${id} is not part of this server.`);
    return model;
  }

  /** The one that was configured, else the first that is available. */
  async defaultProvider(): Promise<ProviderId> {
    if (this.#default !== undefined) return this.#default;
    const candidates = PREFERENCE.flatMap((id) => this.#byId.get(id) ?? []);
    const found = await Promise.all(candidates.map((model) => this.availability(model)));
    return candidates.find((_, n) => found[n]?.available)?.id ?? "mirror";
  }

  /** Has a provider fetched when there is none but the mirror: so that a fresh machine has a model. */
  async prepareOne(): Promise<void> {
    const candidates = PREFERENCE.flatMap((id) => this.#byId.get(id) ?? []).filter(
      ({ id }) => id !== "mirror",
    );
    const found = await Promise.all(candidates.map((model) => this.availability(model)));
    if (found.some(({ available }) => available)) return;
    await candidates.find((model) => model.prepare !== undefined)?.prepare?.();
  }

  async close(): Promise<void> {
    await Promise.all(this.all.map((model) => model.close()));
  }
}

const queueFull = (name: string, waiting: number): AppError =>
  overloaded(
    `${name} has as many answers to write as this server allows, and ${waiting} are waiting already.`,
  );

const queuedTooLong = (name: string): AppError =>
  overloaded(
    `${name} had as many answers to write as this server allows for ${MAX_QUEUED_MS / 60_000} minutes, so it was not asked.`,
  );

const overloaded = (what: string): AppError =>
  new AppError("provider_overloaded", `${what} Try again in a moment, or choose another provider.`, {
    retryAfter: 5,
  });
