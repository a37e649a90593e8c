import type { Json } from "@redis-memory-magic/memory";
import type { CreateResponse } from "@redis-memory-magic/protocol/openai";
import { windowOf } from "../chat/context.ts";
import type {
  FieldNames,
  FunctionTool,
  ModelSettings,
  ResponseFormat,
  ToolChoice,
} from "../chat/model-settings.ts";
import type { ClientFields, TurnRequest } from "../chat/turn-request.ts";
import { type Fields, isFields } from "../fields.ts";
import { invalid, unsupported } from "./api-error.ts";

/** The fields of a request that say how its model is to answer. */
export type SettingFields = Pick<
  CreateResponse,
  | "tools"
  | "tool_choice"
  | "parallel_tool_calls"
  | "text"
  | "reasoning"
  | "temperature"
  | "top_p"
  | "max_output_tokens"
>;

/** Where a request has its tools and its format, for errors. */
export interface SettingPlaces {
  /** The fields of the function that a tool is, such as `.function`; empty: they are the tool's own. */
  readonly ofFunction: string;
  readonly format: string;
  /** The schema's name and the schema. */
  readonly schema: string;
}

const RESPONSES: SettingPlaces = { ofFunction: "", format: "text.format", schema: "text.format" };

/** What errors name in a request of the Responses API. */
export const fieldNamesOf = ({
  context_management,
}: Pick<CreateResponse, "context_management">): FieldNames => ({
  responseFormat: RESPONSES.format,
  reasoningEffort: "reasoning.effort",
  attachments: "input",
  ...(context_management?.length ? { context_tokens: "context_management" } : { input: "input" }),
});

/** What a request asks of the model. Tools of types other than `function` are left out: no provider here runs them. */
export function toModelSettings(body: SettingFields, places = RESPONSES): ModelSettings {
  const tools = readTools(body.tools ?? [], places);
  const format = readFormat(body.text?.format ?? undefined, places);
  const effort = body.reasoning?.effort ?? undefined;
  return {
    ...(tools.length > 0 && {
      tools,
      ...readChoice(body.tool_choice),
      ...(body.parallel_tool_calls === false && { parallelToolCalls: false }),
    }),
    ...(format && { responseFormat: format }),
    ...(typeof body.temperature === "number" && { temperature: body.temperature }),
    ...(typeof body.top_p === "number" && { topP: body.top_p }),
    ...(typeof body.max_output_tokens === "number" && { maxOutputTokens: body.max_output_tokens }),
    ...(effort !== undefined && { reasoningEffort: effort }),
  };
}

/**
 * Refuses what the answer would lack without a sign of it.
 * @throws AppError `unsupported_parameter`
 */
export function refuseUnanswerable({ prompt, include }: Pick<CreateResponse, "prompt" | "include">): void {
  if (prompt)
    throw unsupported("prompt", "is stored at OpenAI, where this server cannot read it: send instructions");
  if (include?.includes("message.output_text.logprobs")) {
    throw unsupported(
      "include",
      "cannot have message.output_text.logprobs: no answer here has log probabilities",
    );
  }
}

/**
 * Refuses tools that are in an item of the input, where a request has no others: an agent could do nothing.
 * @throws AppError `invalid_request`
 */
export function refuseToolItems({ tools, input }: Pick<CreateResponse, "tools" | "input">): void {
  if (tools?.some(({ type }) => type === "function") || !Array.isArray(input)) return;
  const position = input.findIndex(({ type }) => type === "additional_tools");
  if (position < 0) return;
  throw unsupported(
    `input[${position}]`,
    "has the tools in a form that this server does not pass on, and `tools` has no function. In Codex, call the " +
      "model by a name that Codex does not know: give it one with MODEL_ALIASES",
  );
}

function readTools(tools: readonly Fields[], { ofFunction }: SettingPlaces): FunctionTool[] {
  return tools.flatMap((tool, n) => {
    if (tool.type !== "function") return [];
    const { name, description, parameters, strict } = tool;
    if (typeof name !== "string" || name === "") {
      throw invalid(`tools[${n}]${ofFunction}.name`, "must be a string");
    }
    return [
      {
        name,
        ...(typeof description === "string" && { description }),
        ...(isFields<Json>(parameters) && { parameters }),
        ...(typeof strict === "boolean" && { strict }),
      },
    ];
  });
}

function readChoice(choice: CreateResponse["tool_choice"]): { readonly toolChoice?: ToolChoice } {
  if (choice === null || choice === undefined) return {};
  // Some clients put the name into an object, and Mistral's and Anthropic's call one of them "any".
  const name = typeof choice === "object" ? choice.type : choice;
  if (name === "auto") return {};
  if (name === "any") return { toolChoice: "required" };
  if (name === "none" || name === "required") return { toolChoice: name };
  if (typeof choice === "object" && choice.type === "function" && typeof choice.name === "string") {
    return { toolChoice: { name: choice.name } };
  }
  throw invalid("tool_choice", "must be auto, none, required, or a function by its name");
}

function readFormat(format: Fields | undefined, places: SettingPlaces): ResponseFormat | undefined {
  if (format === undefined || format.type === "text") return undefined;
  if (format.type === "json_object") return { type: "json_object" };
  if (format.type !== "json_schema") {
    throw invalid(`${places.format}.type`, "must be text, json_object or json_schema");
  }
  const { name, schema, description, strict } = format;
  if (typeof name !== "string") throw invalid(`${places.schema}.name`, "must be a string");
  if (!isFields<Json>(schema)) throw invalid(`${places.schema}.schema`, "must be a JSON schema");
  return {
    type: "json_schema",
    name,
    schema,
    ...(typeof description === "string" && { description }),
    ...(typeof strict === "boolean" && { strict }),
  };
}

/** How the context of a turn is chosen, by the fields of its request. */
export function readContextFields({
  truncation,
  memory,
  notes,
  other_sessions,
  context_management: management,
}: Pick<CreateResponse, "truncation" | "memory" | "notes" | "other_sessions" | "context_management">): Pick<
  TurnRequest,
  "memory" | "notes" | "other_sessions" | "wholeHistory" | "context_tokens"
> {
  const threshold = management?.find(({ type }) => type === "compaction")?.compact_threshold ?? undefined;
  return {
    ...(memory && { memory }),
    ...(notes && { notes }),
    ...(other_sessions && { other_sessions }),
    ...(threshold !== undefined && { context_tokens: windowOf(threshold) }),
    // A request that names a strategy or a threshold allows that something is left out.
    wholeHistory:
      truncation !== "auto" &&
      threshold === undefined &&
      ((!memory && !other_sessions) || truncation === "disabled"),
  };
}

// What is here is sent back as it came.
const ECHOED = [
  ...["metadata", "truncation", "max_tool_calls", "top_logprobs", "prompt_cache_key", "safety_identifier"],
  ...["user", "background", "memory", "notes", "other_sessions", "context_management"],
] as const;

/** Fields of the response that are neither in the turn's settings nor at their default. */
export function echoOf(body: CreateResponse): ClientFields {
  const given = ECHOED.flatMap((name) => {
    const value = body[name] as Json | undefined;
    const isDefault = value === null || value === undefined || value === false || value === 0;
    return isDefault || (name === "truncation" && value === "disabled") ? [] : [[name, value]];
  });
  return Object.fromEntries(given);
}
