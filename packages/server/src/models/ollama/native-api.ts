import type { Capabilities } from "@redis-memory-magic/protocol";
import { z } from "zod";
import { AppError } from "../../errors/app-error.ts";
import type { ProviderHttp } from "../provider-http.ts";
import { opensReasoning } from "./chat-template.ts";

// Ollama's own API stands beside `/v1`.
const PS = "../api/ps";
const SHOW = "../api/show";
const GENERATE = "../api/generate";
/** llama.cpp's. */
const PROPS = "../props";

const positive = z.int().positive();

/** A model that is loaded. */
export interface LoadedModel {
  readonly name: string;
  /** The window that it was given, in tokens. Null: Ollama before 0.10 does not say. */
  readonly contextWindow: number | null;
}

/** What Ollama says about a model that is installed. */
export interface ShownModel {
  /** The window that it was trained for, or what its Modelfile sets if that is less. */
  readonly largestWindow: number | null;
  /** True if its Modelfile sets the window, so that it is given this one and no less. */
  readonly windowIsSet: boolean;
  /** Null: Ollama before 0.6.4 does not say. */
  readonly chats: boolean | null;
  readonly capabilities?: Capabilities;
  /** How many parameters it has; null: Ollama does not say. */
  readonly parameters: number | null;
  /** True if its chat template opens `<think>`. */
  readonly opensReasoning: boolean;
}

/** The parts of Ollama's and llama.cpp's own APIs that are used. */
export class NativeApi {
  readonly #http: ProviderHttp;

  constructor(http: ProviderHttp) {
    this.#http = http;
  }

  /** The loaded models; null from a server that is not Ollama. @throws AppError if it cannot be reached */
  async loaded(signal: AbortSignal): Promise<readonly LoadedModel[] | null> {
    const body = await ifAnswered(this.#http.getJson(PS, signal));
    return body === null ? null : parseLoaded(body);
  }

  /** @throws AppError if the server cannot be reached */
  async show(model: string, signal: AbortSignal): Promise<ShownModel> {
    const body = await ifAnswered(this.#http.postForJson(SHOW, { model }, signal));
    return parseShown(body);
  }

  /** True if the template of llama.cpp's only model opens `<think>`. @throws AppError if it cannot be reached */
  async opensReasoning(signal: AbortSignal): Promise<boolean> {
    const body = await ifAnswered(this.#http.getJson(PROPS, signal));
    const template = z.object({ chat_template: z.string() }).safeParse(body).data?.chat_template;
    return template !== undefined && opensReasoning(template);
  }

  /** Has a model loaded, which can take minutes. Ollama gives it up when the request is aborted. */
  async load(model: string, signal: AbortSignal): Promise<void> {
    await this.#http.postForJson(GENERATE, { model }, signal);
  }
}

/** Null if the server answers, but not with what was asked for. */
async function ifAnswered(answer: Promise<unknown>): Promise<unknown> {
  try {
    return await answer;
  } catch (error) {
    const provider = error instanceof AppError ? error.provider : undefined;
    if (provider?.status !== undefined || provider?.noSuchApi || isNoJson(error)) return null;
    throw error;
  }
}

const isNoJson = (error: unknown): boolean => error instanceof AppError && error.code === "provider_failed";

/** Reads `GET /api/ps`; null if it is something else. */
function parseLoaded(body: unknown): readonly LoadedModel[] | null {
  const schema = z.object({
    models: z
      .array(z.object({ model: z.string(), context_length: positive.nullish().catch(null) }))
      .nullable(),
  });
  const found = schema.safeParse(body).data;
  if (found === undefined) return null;
  return (found.models ?? []).map(({ model, context_length }) => ({
    name: model,
    contextWindow: context_length ?? null,
  }));
}

/** Reads `POST /api/show`. */
export function parseShown(body: unknown): ShownModel {
  const schema = z.object({
    parameters: z.string().nullish().catch(null),
    model_info: z.record(z.string(), z.unknown()).nullish().catch(null),
    capabilities: z.array(z.string()).nullish().catch(null),
    template: z.string().nullish().catch(null),
  });
  const { parameters, model_info: info, capabilities, template } = schema.safeParse(body).data ?? {};
  const trained = positive.safeParse(info?.[`${info["general.architecture"]}.context_length`]);
  const set = /^num_ctx\s+(\d+)\s*$/m.exec(parameters ?? "")?.[1];
  const windows = [...(trained.success ? [trained.data] : []), ...(set === undefined ? [] : [Number(set)])];
  return {
    largestWindow: windows.length > 0 ? Math.min(...windows) : null,
    windowIsSet: set !== undefined,
    chats: capabilities ? capabilities.includes("completion") : null,
    ...(capabilities && {
      capabilities: {
        images: capabilities.includes("vision"),
        tools: capabilities.includes("tools"),
        reasoning: capabilities.includes("thinking"),
      },
    }),
    parameters: positive.safeParse(info?.["general.parameter_count"]).data ?? null,
    // Ollama separates the reasoning of models that it knows to think.
    opensReasoning: !capabilities?.includes("thinking") && opensReasoning(template ?? ""),
  };
}
