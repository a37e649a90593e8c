import type { Usage } from "@redis-memory-magic/protocol";
import type {
  FunctionTool as OpenAiTool,
  ResponseCreateParamsBase,
  ResponseFormatTextConfig,
  ResponseInputContent,
  ResponseInputItem,
  ResponseStreamEvent,
} from "openai/resources/responses/responses";
import type { ReasoningEffort } from "openai/resources/shared";
import { z } from "zod";
import type { AnswerSink, Completion, ModelRequest } from "../../chat/chat-model.ts";
import { type ContentPart, type ContextItem, contentOf, phaseOf } from "../../chat/context-item.ts";
import type { FunctionTool, ModelSettings } from "../../chat/model-settings.ts";
import type { AnswerReader } from "../answer-body.ts";
import { AnswerOutput } from "../answer-output.ts";
import { isErrorReason } from "../finish-reason.ts";
import { errorOfEvent, failureOfBody, failureOfError } from "../provider-error-body.ts";
import { providerFailure } from "../provider-failure.ts";
import { parseAs } from "../wire-json.ts";

/** The body of `POST /responses`. Nothing is kept at OpenAI: Redis is the only memory. */
export function requestBody(request: ModelRequest, stream: boolean): ResponseCreateParamsBase {
  return {
    model: request.model,
    ...(request.system !== "" && { instructions: request.system }),
    input: request.items.map(toInputItem),
    ...(request.settings && settingsOf(request.settings)),
    store: false,
    stream,
  };
}

/** Without ids: OpenAI would look for what it has not stored. */
function toInputItem(item: ContextItem): ResponseInputItem {
  switch (item.type) {
    case "function_call":
      return { type: item.type, call_id: item.callId, name: item.name, arguments: item.arguments };
    case "function_call_output":
      return { type: item.type, call_id: item.callId, output: contentOf(item, toInputContent) };
    default:
      return {
        role: item.role,
        content: contentOf(item, toInputContent),
        ...(item.phase && { phase: item.phase }),
      };
  }
}

function toInputContent(part: ContentPart): ResponseInputContent {
  switch (part.type) {
    case "text":
      return { type: "input_text", text: part.text };
    case "image":
      return { type: "input_image", image_url: part.url, detail: part.detail ?? "auto" };
    case "file":
      return part.url.startsWith("http")
        ? { type: "input_file", file_url: part.url }
        : { type: "input_file", filename: part.name, file_data: part.url };
  }
}

function settingsOf(settings: ModelSettings): Partial<ResponseCreateParamsBase> {
  const { tools, toolChoice, parallelToolCalls, responseFormat } = settings;
  const { temperature, topP, maxOutputTokens, reasoningEffort } = settings;
  return {
    ...(tools && { tools: tools.map(toTool) }),
    ...(toolChoice !== undefined && {
      tool_choice:
        typeof toolChoice === "string" ? toolChoice : { type: "function" as const, name: toolChoice.name },
    }),
    ...(parallelToolCalls !== undefined && { parallel_tool_calls: parallelToolCalls }),
    ...(responseFormat && { text: { format: responseFormat as ResponseFormatTextConfig } }),
    ...(temperature !== undefined && { temperature }),
    ...(topP !== undefined && { top_p: topP }),
    ...(maxOutputTokens !== undefined && { max_output_tokens: maxOutputTokens }),
    ...(reasoningEffort !== undefined && { reasoning: { effort: reasoningEffort as ReasoningEffort } }),
  };
}

const toTool = ({ name, description, parameters, strict }: FunctionTool): OpenAiTool => ({
  type: "function",
  name,
  ...(description !== undefined && { description }),
  parameters: parameters ?? null,
  // Where a client does not say, its schema need not be of the strict kind, which is OpenAI's default here.
  strict: strict ?? false,
});

/** What is read of an event; which of it is there depends on the type. */
interface WireEvent {
  /** `response.done` is the Realtime API's name for the last one, which servers use here too. */
  readonly type?: ResponseStreamEvent["type"] | "keepalive" | "response.done";
  readonly delta?: unknown;
  readonly arguments?: unknown;
  readonly output_index?: unknown;
  readonly summary_index?: unknown;
  readonly item?: WireItem | null;
  readonly response?: unknown;
}
interface WireItem {
  readonly type?: unknown;
  readonly call_id?: unknown;
  readonly name?: unknown;
  readonly arguments?: unknown;
  readonly content?: unknown;
  readonly summary?: unknown;
  readonly phase?: unknown;
}

/** Between messages, and between the parts of a summary. */
const BETWEEN = "\n\n";

/** Reads a response, as a stream of events or whole. */
export class ResponseReader implements AnswerReader<Completion> {
  readonly ended = false;
  readonly #sink: AnswerSink;
  readonly #output: AnswerOutput;
  readonly #secrets: readonly string[];
  #messages = 0;
  /** A message has had a phase: from then on each is an item of its own. */
  #hasPhases = false;
  /** Items that have begun, and those of which something came. */
  readonly #begun = new ItemSet();
  readonly #given = new ItemSet();

  constructor(sink: AnswerSink, secrets: readonly string[]) {
    this.#sink = sink;
    this.#output = new AnswerOutput(sink);
    this.#secrets = secrets;
  }

  packetEnd(): void {
    this.#output.flush();
    this.#sink.alive();
  }

  /** Not of this API, but servers that speak it with the habits of the older one send it. */
  done(): undefined {}

  event(value: unknown): Completion | undefined {
    this.#throwError(value);
    const event = (value ?? {}) as WireEvent;
    switch (event.type) {
      case "response.output_text.delta":
        this.#pieceCame("message", event);
        this.#output.content(event.delta);
        return undefined;
      case "response.refusal.delta":
        this.#pieceCame("message", event);
        this.#output.refusal(event.delta);
        return undefined;
      case "response.reasoning_summary_text.delta":
      case "response.reasoning_text.delta":
        this.#pieceCame("reasoning", event);
        this.#output.reasoning(event.delta);
        return undefined;
      case "response.reasoning_summary_part.added":
        if (event.summary_index) this.#output.reasoning(BETWEEN);
        else this.#sink.reasoning("");
        return undefined;
      case "response.function_call_arguments.delta":
        this.#pieceCame("function_call", event);
        this.#toolCall({ arguments: String(event.delta ?? "") }, indexOf(event));
        return undefined;
      case "response.output_item.added":
        this.#itemAdded(event);
        return undefined;
      case "response.function_call_arguments.done":
        // A call that has not begun comes later, with its name.
        if (this.#begun.has("function_call", indexOf(event)))
          this.#takeMissing({ type: "function_call", arguments: event.arguments }, indexOf(event));
        return undefined;
      case "response.output_item.done":
        if (event.item) this.#itemDone(event.item, indexOf(event));
        return undefined;
      case "response.completed":
      case "response.incomplete":
      case "response.failed":
        return this.#complete(event.response, event.type.slice("response.".length));
      case "response.done":
        this.#throwError(event.response);
        return this.#complete(event.response);
      default:
        if (isThinking(event)) this.#sink.reasoning("");
        return undefined;
    }
  }

  whole(body: unknown): Completion {
    this.#throwError(body);
    if (!wholeResponse.safeParse(body).success) throw failureOfBody(body, this.#secrets, false);
    return this.#complete(body);
  }

  end(): never {
    throw providerFailure("provider_broke_off");
  }

  #throwError(value: unknown): void {
    const error = errorOfEvent(value);
    if (error !== null) throw failureOfError(error, this.#secrets, this.#output.pieces > 0);
  }

  #pieceCame(type: string, event: WireEvent): void {
    const { delta } = event;
    if (delta !== undefined && delta !== null && delta !== "") this.#given.add(type, indexOf(event));
  }

  /** Takes what has not come of an item: some gateways send it whole, in its last event or in the response's. */
  #takeMissing(item: WireItem, index: Index): void {
    const { type } = item;
    const hasBegun = this.#begun.has(type, index);
    const isGiven = this.#given.has(type, index);
    if (isGiven && (hasBegun || type !== "function_call")) return;
    this.#begun.add(type, index);
    this.#given.add(type, index);
    if (type === "message") {
      if (!hasBegun) this.#messageAdded(item);
      this.#output.content(item.content);
    } else if (type === "reasoning") {
      this.#reasoning([item.summary, item.content].find((parts) => Array.isArray(parts) && parts.length > 0));
    } else if (type === "function_call") {
      this.#toolCall(isGiven ? { ...item, arguments: "" } : item, index);
    }
  }

  #itemAdded(event: WireEvent): void {
    const index = indexOf(event);
    this.#begun.add(event.item?.type, index);
    if (event.item?.type === "message") this.#messageAdded(event.item);
    else if (event.item?.type === "reasoning") this.#sink.reasoning("");
    else if (event.item?.type === "function_call") this.#toolCall({ ...event.item, arguments: "" }, index);
  }

  #itemDone(item: WireItem, index: Index): void {
    this.#takeMissing(item, index);
    if (index !== null) return;
    // The next item of this type may have no index either.
    this.#begun.delete(item.type, index);
    this.#given.delete(item.type, index);
  }

  /** True for a call of which only the name or only the arguments came. */
  #isHalfCall({ type }: WireItem, index: Index): boolean {
    return type === "function_call" && this.#begun.has(type, index) !== this.#given.has(type, index);
  }

  /** A model may comment on what it does in messages of their own. Those without a phase become one text. */
  #messageAdded(item: WireItem): void {
    const phase = phaseOf(item);
    this.#hasPhases ||= phase !== undefined;
    if (this.#hasPhases) this.#output.message(phase);
    else if (this.#messages > 0) this.#output.content(BETWEEN);
    this.#messages++;
  }

  #reasoning(parts: unknown): void {
    for (const [n, part] of (Array.isArray(parts) ? parts : []).entries()) {
      if (n > 0) this.#output.reasoning(BETWEEN);
      this.#output.reasoning(part);
    }
  }

  #toolCall({ call_id: id, name, arguments: given }: WireItem, index: Index): void {
    this.#output.toolCall({
      index: this.#begun.has("function_call", null) ? 0 : (index ?? 0),
      ...(typeof id === "string" && { id }),
      ...(typeof name === "string" && { name }),
      arguments: typeof given === "string" ? given : "",
    });
  }

  /** @throws AppError if the response failed */
  #complete(response: unknown, named?: string): Completion {
    const { hasBegun, pieces } = this.#output;
    // An answer that came is not lost because nothing follows it.
    const { error, incomplete_details, usage, ...end } = parseAs(
      responseEnd,
      response ?? (pieces > 0 ? {} : null),
    );
    const status = named ?? end.status;
    // An item's place here need not be the index of its events: gateways leave items out.
    for (const [index, item] of (wholeResponse.safeParse(response).data?.output ?? []).entries()) {
      const isMissing = item.type === "reasoning" ? pieces === 0 : !hasBegun || this.#isHalfCall(item, index);
      if (isMissing) this.#takeMissing(item, index);
    }
    if (isErrorReason(status)) throw failureOfBody({ error }, this.#secrets, pieces > 0);
    const reason = status === "incomplete" ? (incomplete_details?.reason ?? "length") : "stop";
    return this.#output.complete(reason, usageOf(usage));
  }
}

/** An item's index; null in the events of gateways that leave it out. */
type Index = number | null;

const indexOf = ({ output_index: index }: WireEvent): Index => (typeof index === "number" ? index : null);

/** Items by type and index. One that was added without an index stands for every item of its type. */
class ItemSet {
  readonly #keys = new Set<string>();

  add(type: unknown, index: Index): void {
    this.#keys.add(keyOf(type, index));
  }

  delete(type: unknown, index: Index): void {
    this.#keys.delete(keyOf(type, index));
  }

  has(type: unknown, index: Index): boolean {
    return this.#keys.has(keyOf(type, index)) || this.#keys.has(keyOf(type, null));
  }
}

const keyOf = (type: unknown, index: Index): string => `${type} ${index ?? ""}`;

/** A reasoning model may think for long without an event of its own: then OpenAI sends keepalives. */
const isThinking = ({ type }: WireEvent): boolean =>
  type === "keepalive" || (typeof type === "string" && type.startsWith("response.reasoning"));

const tokens = z.int().nonnegative();
const responseEnd = z.object({
  status: z
    .string()
    .nullish()
    .catch(null)
    .transform((status) => status ?? "completed"),
  error: z.unknown().optional(),
  incomplete_details: z.object({ reason: z.string().nullish() }).nullish().catch(null),
  usage: z
    .object({
      input_tokens: tokens,
      input_tokens_details: z.object({ cached_tokens: tokens.optional() }).nullish(),
      output_tokens: tokens,
    })
    .nullish()
    // An answer is not lost because its tokens are counted in another way.
    .catch(null),
});

function usageOf(usage: z.output<typeof responseEnd>["usage"]): Usage | null {
  if (!usage) return null;
  const cached = usage.input_tokens_details?.cached_tokens;
  return {
    input_tokens: usage.input_tokens,
    ...(cached !== undefined && { cached_tokens: cached }),
    output_tokens: usage.output_tokens,
  };
}

const wholeResponse = z.object({ output: z.array(z.looseObject({ type: z.string() })) });
