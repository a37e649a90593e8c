import type { Json } from "@redis-memory-magic/memory";
import type { Fields } from "../fields.ts";

// Types and not interfaces, which are not JSON to TypeScript: they are stored with a turn.

/** A function that a model may call. */
export type FunctionTool = {
  readonly name: string;
  readonly description?: string;
  /** JSON Schema. */
  readonly parameters?: Fields<Json>;
  readonly strict?: boolean;
};

export type ToolChoice = "auto" | "none" | "required" | { readonly name: string };

export type ResponseFormat =
  | { readonly type: "json_object" }
  | {
      readonly type: "json_schema";
      readonly name: string;
      readonly schema: Fields<Json>;
      readonly description?: string;
      readonly strict?: boolean;
    };

/** What a request asks of a model beside the context. Absent: as the provider has it. */
export type ModelSettings = {
  readonly tools?: readonly FunctionTool[];
  readonly toolChoice?: ToolChoice;
  readonly parallelToolCalls?: boolean;
  readonly responseFormat?: ResponseFormat;
  readonly temperature?: number;
  readonly topP?: number;
  readonly seed?: number;
  readonly maxOutputTokens?: number;
  /** Texts at which the answer ends; they are no part of it. */
  readonly stop?: readonly string[];
  readonly reasoningEffort?: string;
};

export type ModelSetting = keyof ModelSettings;

/** What errors name in place of the native API's fields, where the client's API has other names for them. */
export interface FieldNames extends Readonly<Partial<Record<ModelSetting, string>>> {
  readonly attachments?: string;
  /** The field with the messages, in a request that cannot set `context_tokens`. */
  readonly input?: string;
  readonly context_tokens?: string;
}

/** Their names in the native API, or in Chat Completions where that has none. */
const NAMES: Readonly<Record<ModelSetting, string>> = {
  tools: "tools",
  toolChoice: "tool_choice",
  parallelToolCalls: "parallel_tool_calls",
  responseFormat: "response_format",
  temperature: "temperature",
  topP: "top_p",
  seed: "seed",
  maxOutputTokens: "max_output_tokens",
  stop: "stop",
  reasoningEffort: "reasoning_effort",
};

/** The names of settings, as requests have them. */
export const settingNames = (settings: readonly ModelSetting[]): string[] =>
  settings.map((setting) => NAMES[setting]);

/** The names of the settings that a provider does not have. */
export const unsupported = (
  settings: ModelSettings,
  supported: readonly ModelSetting[],
  names: FieldNames = {},
): string[] =>
  (Object.keys(NAMES) as ModelSetting[]).flatMap((name) =>
    settings[name] === undefined || supported.includes(name) ? [] : [names[name] ?? NAMES[name]],
  );
