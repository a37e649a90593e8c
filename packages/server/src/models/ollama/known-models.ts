import type { Capabilities } from "@redis-memory-magic/protocol";
import type { ListedModel } from "../model-list.ts";
import { isNamedAsReasoning } from "./chat-template.ts";
import { isSameModel } from "./model-names.ts";
import type { LoadedModel, NativeApi, ShownModel } from "./native-api.ts";

export interface Window {
  readonly tokens: number;
  /** False: the most that the model can be given, which may be more than it is given when it is loaded. */
  readonly allocated: boolean;
}

/**
 * What is known of a server's models: from its list, and from Ollama's own API where it has one. A model is given the
 * same window each time it is loaded; before the first time only the most that it can be given is known.
 */
export class KnownModels {
  readonly #native: NativeApi;
  #listed: readonly ListedModel[] = [];
  #loaded: readonly LoadedModel[] | null | undefined;
  readonly #allocated = new Map<string, number>();
  readonly #shown = new Map<string, ShownModel>();
  /** By llama.cpp's template; undefined before it was asked for. */
  #opensReasoning: boolean | undefined;

  constructor(native: NativeApi) {
    this.#native = native;
  }

  /** Null before the server was asked. */
  get isOllama(): boolean | null {
    return this.#loaded === undefined ? null : this.#loaded !== null;
  }

  /** Takes the server's list, and asks about models that are not known yet. Never rejects. */
  async learn(listed: readonly ListedModel[], signal: AbortSignal): Promise<void> {
    this.#listed = listed;
    await this.refreshLoaded(signal);
    try {
      if (!this.isOllama) {
        this.#opensReasoning ??= await this.#native.opensReasoning(signal);
        return;
      }
      // One after the other: a server with fifty models must not get fifty requests at once.
      for (const { id } of listed)
        if (!this.#shown.has(id)) this.#shown.set(id, await this.#native.show(id, signal));
    } catch {
      // Out of time: the next call continues from here.
    }
  }

  /** Asks which models are loaded. Never rejects. */
  async refreshLoaded(signal: AbortSignal): Promise<void> {
    try {
      this.#loaded = await this.#native.loaded(signal);
      for (const { name, contextWindow } of this.#loaded ?? [])
        if (contextWindow !== null) this.#allocated.set(name, contextWindow);
    } catch {
      // Not reached: what was known stays.
    }
  }

  /** False: Ollama would load it first. Null: it cannot be known. */
  isLoaded(model: string): boolean | null {
    return this.#loaded?.some(({ name }) => isSameModel(name, model)) ?? null;
  }

  /** Null if it is not known. */
  windowOf(model: string): Window | null {
    const allocated = valueFor(this.#allocated, model);
    if (allocated !== undefined) return { tokens: allocated, allocated: true };
    const listed = this.#listedAs(model)?.contextWindow;
    if (listed) return { tokens: listed, allocated: true };
    // A model that shares its weights with another is loaded, and listed as loaded, under the other's name.
    const shown = valueFor(this.#shown, model);
    return shown?.largestWindow ? { tokens: shown.largestWindow, allocated: shown.windowIsSet } : null;
  }

  /** Undefined where the server does not say. */
  capabilitiesOf(model: string): Capabilities | undefined {
    return valueFor(this.#shown, model)?.capabilities ?? this.#listedAs(model)?.capabilities;
  }

  /** Its parameters in billions, as the server or else its name says; 0 if neither does. */
  billionsOf(model: string): number {
    const named = /(?<![\d.a-z])(\d+(?:\.\d+)?)b(?![a-z\d])/i.exec(model)?.[1];
    return (valueFor(this.#shown, model)?.parameters ?? 0) / 1e9 || Number(named ?? 0);
  }

  /** True for a server that limits an answer to the window by itself, and refuses a limit that does not fit. */
  limitsItself(model: string): boolean {
    return this.#listedAs(model)?.limitsItself ?? false;
  }

  /** False for models that are known to make something else than text. */
  canChat(model: ListedModel): boolean {
    return this.#shown.get(model.id)?.chats ?? model.chats ?? true;
  }

  /** True if answers have the closing `</think>` only, as far as the server's templates and the name show it. */
  opensReasoning(model: string): boolean {
    const shown = valueFor(this.#shown, model);
    return shown === undefined ? this.#opensReasoning || isNamedAsReasoning(model) : shown.opensReasoning;
  }

  #listedAs(model: string): ListedModel | undefined {
    return this.#listed.find(({ id }) => isSameModel(id, model));
  }
}

function valueFor<Value>(map: ReadonlyMap<string, Value>, model: string): Value | undefined {
  for (const [name, value] of map) if (isSameModel(name, model)) return value;
  return undefined;
}
