import { PROVIDER_IDS, type ProviderId } from "@redis-memory-magic/protocol";
import type { ApiModel } from "@redis-memory-magic/protocol/openai";
import type { BuiltInEmbedding } from "../chat/built-in-embedding.ts";
import type { Availability, ChatModel } from "../chat/chat-model.ts";
import type { Providers } from "../chat/providers.ts";
import { AppError } from "../errors/app-error.ts";

/** True if a name means the built-in embedding model. */
export const isNameOf = ({ id }: BuiltInEmbedding, name: string): boolean =>
  name === id || name === `embedded/${id}`;

/** A model of a provider. */
export interface NamedModel {
  readonly provider: ProviderId;
  /** Absent: the provider's default. */
  readonly model?: string;
}

/** The names that the API has for the models of all providers. */
export class ModelNames {
  readonly #providers: Providers;
  readonly #aliases: ReadonlyMap<string, string>;

  /** @param aliases further names, each for another name */
  constructor(providers: Providers, aliases: ReadonlyMap<string, string>) {
    this.#providers = providers;
    this.#aliases = aliases;
  }

  /** Every model of every available provider. One whose name another provider has too is listed with its provider. */
  async list(): Promise<ApiModel[]> {
    const listed = new Map<string, ApiModel>();
    const add = (id: string, ownedBy: string) =>
      listed.set(id, { id, object: "model", created: 0, owned_by: ownedBy });
    for (const { provider, models } of await this.#available()) {
      for (const model of models) add(listed.has(model) ? `${provider}/${model}` : model, provider);
    }
    for (const [alias, name] of this.#aliases) {
      const found = await this.#find(name);
      if (found) add(alias, found.provider);
    }
    return [...listed.values()];
  }

  /** @throws AppError `model_not_found` */
  async resolve(name: string): Promise<NamedModel> {
    const found = await this.#find(this.#isPrefixed(name) ? name : (this.#aliases.get(name) ?? name));
    if (found) return found;
    throw unknownModel(name, "chat model");
  }

  /**
   * The model of a provider that makes vectors. It need not be on a list: those are of the models that chat.
   * @throws AppError `model_not_found`
   */
  async resolveEmbedding(name: string): Promise<{ readonly provider: ChatModel; readonly model?: string }> {
    const named = this.#isPrefixed(name) ? name : (this.#aliases.get(name) ?? name);
    const known = await this.#find(named);
    if (known) return { ...known, provider: this.#providers.get(known.provider) };
    const owner = named.startsWith(OPENAI_EMBEDDINGS) ? "chatgpt" : "ollama";
    const available = await this.#available();
    if (available.some(({ provider }) => provider === owner)) {
      return { provider: this.#providers.get(owner), model: named };
    }
    throw unknownModel(name, "model");
  }

  /** The server that a provider asks, see `ChatModel.origin`. */
  originOf({ provider }: NamedModel): string | undefined {
    return this.#providers.get(provider).origin;
  }

  async #find(name: string): Promise<NamedModel | undefined> {
    const slash = name.indexOf("/");
    if (this.#isPrefixed(name)) {
      return { provider: name.slice(0, slash) as ProviderId, model: name.slice(slash + 1) };
    }
    // A provider that does not answer would hold up the requests for the models of all others.
    const found = this.#findIn(this.#known(), name) ?? this.#findIn(await this.#available(), name);
    if (found) return found;
    return isProvider(name) && this.#has(name) ? { provider: name } : undefined;
  }

  #findIn(available: readonly AvailableModels[], name: string): NamedModel | undefined {
    for (const { provider, models } of available) {
      const { isSameModel } = this.#providers.get(provider);
      const model = models.find((id) => id === name) ?? models.find((id) => isSameModel?.(id, name));
      if (model !== undefined) return { provider, model };
    }
    return undefined;
  }

  /** True for `<provider>/<model>`. */
  #isPrefixed(name: string): boolean {
    const slash = name.indexOf("/");
    return slash > 0 && slash < name.length - 1 && this.#has(name.slice(0, slash));
  }

  #has(provider: string): boolean {
    return this.#providers.all.some(({ id }) => id === provider);
  }

  /** The providers that were available when they were last asked. */
  #known(): AvailableModels[] {
    return this.#providers.all.flatMap((model) => modelsOf(model, this.#providers.lastKnown(model)));
  }

  async #available(): Promise<AvailableModels[]> {
    const found = await Promise.all(
      this.#providers.all.map(async (model) => modelsOf(model, await this.#providers.availability(model))),
    );
    return found.flat();
  }
}

interface AvailableModels {
  readonly provider: ProviderId;
  readonly models: readonly string[];
}

const modelsOf = ({ id }: ChatModel, found: Availability | undefined): AvailableModels[] =>
  found?.available ? [{ provider: id, models: found.models.map((model) => model.id) }] : [];

function unknownModel(name: string, kind: string): AppError {
  const message = `is not a ${kind} of an available provider: GET /v1/models lists all models`;
  return new AppError("model_not_found", `The model ${JSON.stringify(name)} ${message}.`, {
    errors: [{ field: "model", message }],
  });
}

const OPENAI_EMBEDDINGS = "text-embedding-";

const isProvider = (name: string): name is ProviderId => PROVIDER_IDS.some((id) => id === name);
