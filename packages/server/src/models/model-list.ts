import type { Capabilities } from "@redis-memory-magic/protocol";
import { z } from "zod";
import type { AppError } from "../errors/app-error.ts";
import { parseAs } from "./wire-json.ts";

/** A model of a server's list, in whichever form the server has it. */
export interface ListedModel {
  readonly id: string;
  /** Tokens that the server gives it; null where the list does not say. */
  readonly contextWindow: number | null;
  /** False for a model that makes embeddings, images or speech; null where the list does not say. */
  readonly chats: boolean | null;
  /** vLLM refuses `max_tokens` that do not fit beside the prompt, and needs none. */
  readonly limitsItself: boolean;
  /** Absent where the list does not say. */
  readonly capabilities?: Capabilities;
}

const window = z.int().positive().nullish().catch(null);
const names = z.array(z.string()).nullish().catch(null);
const text = z.string().nullish().catch(null);
const flag = z.boolean().optional().catch(undefined);

const listed = z.object({
  id: text,
  name: text,
  model: text,
  type: text,
  task: text,
  owned_by: text,
  /** vLLM */
  max_model_len: window,
  /** OpenRouter, Together */
  context_length: window,
  /** Groq */
  context_window: window,
  /** Mistral, LM Studio */
  max_context_length: window,
  loaded_context_length: window,
  /** llama.cpp */
  meta: z.object({ n_ctx: window }).nullish().catch(null),
  /** GitHub Models */
  limits: z.object({ max_input_tokens: window }).nullish().catch(null),
  /** Mistral's are flags, llama.cpp's a list. */
  capabilities: z
    .union([names, z.object({ completion_chat: flag, vision: flag, function_calling: flag })])
    .nullish()
    .catch(null),
  /** OpenRouter */
  architecture: z.object({ input_modalities: names, output_modalities: names }).nullish().catch(null),
  supported_parameters: names,
});
type Listed = z.output<typeof listed>;

// Together's and GitHub's list is a bare array; Ollama without models has null.
const anyList = z.union([
  z.object({ data: z.array(z.unknown()).nullable() }).transform(({ data }) => data),
  z.object({ models: z.array(z.unknown()) }).transform(({ models }) => models),
  z.array(z.unknown()),
]);

/** Reads a server's list of models. @throws AppError `provider_failed` if it is none */
export function parseModels(body: unknown): ListedModel[] {
  return (parseAs(anyList, body) ?? []).flatMap((entry) => {
    const model = listed.safeParse(typeof entry === "string" ? { id: entry } : entry).data;
    return model === undefined ? [] : toModel(model);
  });
}

const NO_LIST = [403, 404, 405, 429, 501];

/** True for a failure that says nothing against the server: it has no list of models, keeps it back, or is busy. */
export const hasNoList = ({ provider }: AppError): boolean => NO_LIST.includes(provider?.status ?? 0);

function toModel(model: Listed): ListedModel | [] {
  const id = model.id ?? model.model ?? model.name;
  if (!id) return [];
  const contextWindow =
    model.meta?.n_ctx ??
    model.loaded_context_length ??
    model.max_model_len ??
    model.context_length ??
    model.context_window ??
    model.max_context_length ??
    model.limits?.max_input_tokens ??
    null;
  const can = capabilities(model);
  return {
    id,
    contextWindow,
    chats: chats(model, id),
    limitsItself: Boolean(model.max_model_len),
    ...(can && { capabilities: can }),
  };
}

function capabilities({
  architecture,
  supported_parameters,
  type,
  capabilities,
}: Listed): Capabilities | undefined {
  const flags = Array.isArray(capabilities) ? undefined : capabilities;
  const input = architecture?.input_modalities;
  const images = input ? input.includes("image") : (flags?.vision ?? (type === "vlm" || undefined));
  const tools = supported_parameters?.includes("tools") ?? flags?.function_calling;
  const reasoning = supported_parameters?.includes("reasoning");
  if (images === undefined && tools === undefined && reasoning === undefined) return undefined;
  return {
    ...(images !== undefined && { images }),
    ...(tools !== undefined && { tools }),
    ...(reasoning !== undefined && { reasoning }),
  };
}

const OTHER_TYPES = /embed|rerank|image|audio|moderation|speech|transcri|tts/i;
/** Families that are known not to chat, for lists that have nothing but names. */
const OTHER_NAMES =
  /(?:^|[-_/:])(?:\w*embed\w*|bge|gte|e5|all-minilm|rerank\w*|whisper|tts|dall-e|sdxl|clip|moderation)(?:[-_:.\d]|$)/i;

function chats({ type, task, capabilities, architecture }: Listed, id: string): boolean | null {
  if (Array.isArray(capabilities))
    return capabilities.includes("completion") || capabilities.includes("chat");
  if (capabilities?.completion_chat !== undefined) return capabilities.completion_chat;
  const output = architecture?.output_modalities;
  if (output) return output.includes("text");
  const kind = task ?? type;
  if (kind && kind !== "model") return !OTHER_TYPES.test(kind);
  return OTHER_NAMES.test(id) ? false : null;
}
