import type { OutputItem } from "@redis-memory-magic/memory";
import type { TurnStatus } from "@redis-memory-magic/protocol";
import type { ApiItem, ApiResponse, ResponseUsage } from "@redis-memory-magic/protocol/openai";
import type { ModelSettings } from "../chat/model-settings.ts";
import type { TurnInfo } from "../chat/turn-info.ts";
import { INTERRUPTED } from "../chat/turn-result.ts";
import { apiTypeOf, toApiItem } from "./api-items.ts";
import { itemId, responseId, type TurnAddress } from "./ids.ts";
import { againOf } from "./run-again.ts";
import { toUnixSeconds } from "./unix-seconds.ts";

/** A turn as far as it is known: all that a response is made of. */
export interface TurnSnapshot extends TurnAddress {
  readonly info: TurnInfo;
  readonly startedAt: Date;
  readonly status: TurnStatus;
  /** Null while it runs. */
  readonly endedAt: Date | null;
  /** Its output so far. */
  readonly items: readonly OutputItem[];
}

type Status = ApiResponse["status"];

/** A turn as the API sends it. Every field that a client may look for is there. */
export function toResponse(turn: TurnSnapshot): ApiResponse {
  const { info, startedAt, endedAt } = turn;
  const status = statusOf(turn);
  const settings = info.settings ?? {};
  const { again: _, ...client } = info.client ?? {};
  const again = againOf(info);
  return {
    id: responseId(turn),
    object: "response",
    created_at: toUnixSeconds(startedAt),
    status,
    completed_at: status === "completed" && endedAt ? toUnixSeconds(endedAt) : null,
    background: false,
    error: errorOf(turn),
    incomplete_details: incompleteDetails(turn),
    instructions: info.system || null,
    max_output_tokens: settings.maxOutputTokens ?? null,
    max_tool_calls: null,
    metadata: {},
    model: info.model,
    output: outputOf(turn, status),
    parallel_tool_calls: settings.parallelToolCalls ?? true,
    presence_penalty: 0,
    frequency_penalty: 0,
    previous_response_id: null,
    conversation: null,
    prompt_cache_key: null,
    reasoning: { effort: settings.reasoningEffort ?? null, summary: null },
    safety_identifier: null,
    service_tier: "default",
    store: true,
    temperature: settings.temperature ?? 1,
    text: { format: formatOf(settings) },
    tool_choice: choiceOf(settings),
    tools: (settings.tools ?? []).map(({ name, description, parameters, strict }) => ({
      type: "function",
      name,
      description: description ?? null,
      parameters: parameters ?? null,
      strict: strict ?? null,
    })),
    top_logprobs: 0,
    top_p: settings.topP ?? 1,
    truncation: "disabled",
    usage: status === "in_progress" ? null : usageOf(info),
    user: null,
    ...client,
    ...again,
    ...(again && endedAt && { metadata: { runs: "2", ...(client.metadata as object | undefined) } }),
  };
}

/** The id of an output item. */
export const outputItemId = (turn: TurnAddress, item: OutputItem, position: number): string =>
  itemId(apiTypeOf(item), { sessionId: turn.sessionId, turnId: turn.turnId, position });

function outputOf(turn: TurnSnapshot, status: Status): ApiItem[] {
  const { items } = turn;
  return items.map((item, n) =>
    toApiItem(
      item,
      outputItemId(turn, item, n),
      n === items.length - 1 ? lastItemStatus(status) : "completed",
    ),
  );
}

/** The status of the last output item: it is cut where its response is. */
export const lastItemStatus = (status: Status): "in_progress" | "completed" | "incomplete" =>
  status === "completed" || status === "in_progress" ? status : "incomplete";

function statusOf({ status, info }: TurnSnapshot): Status {
  if (status === "running") return "in_progress";
  if (status === "interrupted") return "failed";
  if (status === "completed" && incompleteReason(info) !== undefined) return "incomplete";
  return status;
}

const incompleteReason = ({ finish }: TurnInfo): string | undefined =>
  finish === "length" ? "max_output_tokens" : finish === "content_filter" ? finish : undefined;

function incompleteDetails({ status, info }: TurnSnapshot): ApiResponse["incomplete_details"] {
  const reason = status === "completed" ? incompleteReason(info) : undefined;
  return reason === undefined ? null : { reason };
}

function errorOf({ status, info }: TurnSnapshot): ApiResponse["error"] {
  if (status === "interrupted") return { code: "server_error", message: INTERRUPTED[1] };
  if (status !== "failed") return null;
  const { code = "", detail = "The provider failed." } = info.error ?? {};
  return { code: code === "provider_rate_limited" ? "rate_limit_exceeded" : "server_error", message: detail };
}

/** As the provider reported it, else as it was counted. Always integers: clients give up an answer without them. */
export function usageOf({ tokens }: Pick<TurnInfo, "tokens">): ResponseUsage {
  const input = tokens?.reported ?? tokens?.counted ?? 0;
  const output = tokens?.output ?? 0;
  return {
    input_tokens: input,
    input_tokens_details: { cached_tokens: tokens?.cached ?? 0, cache_write_tokens: 0 },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: input + output,
  };
}

function formatOf({ responseFormat }: ModelSettings): object {
  if (responseFormat?.type !== "json_schema") return { type: responseFormat?.type ?? "text" };
  const { name, schema, description, strict } = responseFormat;
  return { type: "json_schema", name, schema, description: description ?? null, strict: strict ?? null };
}

const choiceOf = ({ toolChoice = "auto" }: ModelSettings): unknown =>
  typeof toolChoice === "string" ? toolChoice : { type: "function", ...toolChoice };
