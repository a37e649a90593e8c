import { randomBytes } from "node:crypto";
import type {
  Response,
  ResponseCreateParams,
  ResponseFunctionToolCall,
  ResponseOutputItem,
  ResponseOutputMessage,
  ResponseOutputRefusal,
  ResponseOutputText,
  ResponseReasoningItem,
  ResponseStatus,
  ResponseStreamEvent,
} from "openai/resources/responses/responses";
import type { AnswerFrames } from "./play.ts";
import type { FakeToolCall, Scenario } from "./scenario.ts";

/** An event without its number. */
type Unnumbered<Event> = Event extends unknown ? Omit<Event, "sequence_number"> : never;

/** One response of the Responses API: its events in OpenAI's order, and the object that they describe. */
export class ResponseFrames implements AnswerFrames {
  readonly #request: ResponseCreateParams;
  readonly #scenario: Scenario;
  readonly #usage: { input: number; cached: number; output: number };
  readonly #id = newId("resp");
  readonly #createdAt = Math.floor(Date.now() / 1000);
  readonly #output: ResponseOutputItem[] = [];
  #message: ResponseOutputMessage | undefined;
  #text = "";
  #sequence = 0;

  constructor(
    request: ResponseCreateParams,
    scenario: Scenario,
    usage: { input: number; cached: number; output: number },
  ) {
    this.#request = request;
    this.#scenario = scenario;
    this.#usage = usage;
  }

  head(): string {
    return (
      this.#event({ type: "response.created", response: this.#response("in_progress") }) +
      this.#event({ type: "response.in_progress", response: this.#response("in_progress") }) +
      this.#commentary()
    );
  }

  reasoning(piece: string): string {
    const item: ResponseReasoningItem = { id: newId("rs"), type: "reasoning", summary: [] };
    const output_index = this.#output.length;
    const summary = { output_index, item_id: item.id, summary_index: 0 };
    const done: ResponseReasoningItem = { ...item, summary: [{ type: "summary_text", text: piece }] };
    this.#output.push(done);
    return (
      this.#event({ type: "response.output_item.added", output_index, item }) +
      this.#event({
        type: "response.reasoning_summary_part.added",
        ...summary,
        part: { type: "summary_text", text: "" },
      }) +
      this.#event({ type: "response.reasoning_summary_text.delta", ...summary, delta: piece }) +
      this.#event({ type: "response.reasoning_summary_text.done", ...summary, text: piece }) +
      this.#event({
        type: "response.reasoning_summary_part.done",
        ...summary,
        part: { type: "summary_text", text: piece },
      }) +
      this.#event({ type: "response.output_item.done", output_index, item: done })
    );
  }

  text(piece: string): string {
    const phase = this.#scenario.commentary === undefined ? undefined : "final_answer";
    const begin = this.#message === undefined ? this.#beginMessage(phase) : "";
    this.#text += piece;
    if (this.#scenario.refusal)
      return begin + this.#event({ type: "response.refusal.delta", ...this.#place(), delta: piece });
    return begin + this.#delta(piece);
  }

  /** A message before it ends. */
  toolCall({ id, name, arguments: pieces }: FakeToolCall): string[] {
    const end = this.#endMessage();
    const args = pieces.join("");
    const item: ResponseFunctionToolCall = {
      id: newId("fc"),
      type: "function_call",
      status: "in_progress",
      call_id: id,
      name,
      arguments: "",
    };
    const output_index = this.#output.length;
    const place = { output_index, item_id: item.id ?? "" };
    const done: ResponseFunctionToolCall = { ...item, status: "completed", arguments: args };
    this.#output.push(done);
    return [
      end + this.#event({ type: "response.output_item.added", output_index, item }),
      ...pieces.map((delta) =>
        this.#event({ type: "response.function_call_arguments.delta", ...place, delta }),
      ),
      this.#event({ type: "response.function_call_arguments.done", ...place, arguments: args }) +
        this.#event({ type: "response.output_item.done", output_index, item: done }),
    ];
  }

  tail(): string {
    const end = this.#endMessage();
    const complete = (this.#scenario.finish ?? "stop") === "stop";
    return (
      end +
      (complete
        ? this.#event({ type: "response.completed", response: this.#response("completed") })
        : this.#event({ type: "response.incomplete", response: this.#response("incomplete") }))
    );
  }

  error(): string {
    return this.#event({ type: "response.failed", response: this.#response("failed") });
  }

  /** The answer in one piece, for a request that is not streamed. */
  whole(pieces: readonly string[]): Response {
    this.#commentary();
    for (const thought of this.#scenario.reasoning ?? []) this.reasoning(thought);
    if (pieces.length > 0) this.text(pieces.join(""));
    this.#endMessage();
    for (const call of this.#scenario.toolCalls ?? []) this.toolCall(call);
    return this.#response((this.#scenario.finish ?? "stop") === "stop" ? "completed" : "incomplete");
  }

  #commentary(): string {
    const { commentary } = this.#scenario;
    if (commentary === undefined) return "";
    return this.#beginMessage("commentary") + this.text(commentary) + this.#endMessage();
  }

  #beginMessage(phase?: "commentary" | "final_answer"): string {
    this.#message = {
      id: newId("msg"),
      type: "message",
      status: "in_progress",
      role: "assistant",
      content: [],
      ...(phase && { phase }),
    };
    const output_index = this.#output.length;
    const part = this.#part("");
    return (
      this.#event({ type: "response.output_item.added", output_index, item: this.#message }) +
      this.#event({ type: "response.content_part.added", ...this.#place(), part })
    );
  }

  #endMessage(): string {
    if (this.#message === undefined) return "";
    const output_index = this.#output.length;
    const part = this.#part(this.#text);
    const item: ResponseOutputMessage = { ...this.#message, status: "completed", content: [part] };
    const events =
      (part.type === "refusal"
        ? this.#event({ type: "response.refusal.done", ...this.#place(), refusal: this.#text })
        : this.#event({
            type: "response.output_text.done",
            ...this.#place(),
            text: this.#text,
            logprobs: [],
          })) +
      this.#event({ type: "response.content_part.done", ...this.#place(), part }) +
      this.#event({ type: "response.output_item.done", output_index, item });
    this.#output.push(item);
    this.#message = undefined;
    this.#text = "";
    return events;
  }

  #part(text: string): ResponseOutputText | ResponseOutputRefusal {
    return this.#scenario.refusal
      ? { type: "refusal", refusal: text }
      : { type: "output_text", annotations: [], logprobs: [], text };
  }

  /** As `#event` would write it, at a fraction of the time: benchmarks send thousands of these in a second. */
  #delta(piece: string): string {
    const { item_id, output_index } = this.#place();
    return (
      'event: response.output_text.delta\ndata: {"type":"response.output_text.delta",' +
      `"item_id":"${item_id}","output_index":${output_index},"content_index":0,` +
      `"delta":${JSON.stringify(piece)},"logprobs":[],"sequence_number":${this.#sequence++}}\n\n`
    );
  }

  #place() {
    return { item_id: this.#message?.id ?? "", output_index: this.#output.length, content_index: 0 };
  }

  #event(event: Unnumbered<ResponseStreamEvent>): string {
    const numbered = { ...event, sequence_number: this.#sequence++ };
    return `event: ${event.type}\ndata: ${JSON.stringify(numbered)}\n\n`;
  }

  #response(status: ResponseStatus): Response {
    const { input, cached, output } = this.#usage;
    const over = status === "completed" || status === "incomplete";
    const reason = this.#scenario.finish === "content_filter" ? "content_filter" : "max_output_tokens";
    const response: Omit<Response, "output_text"> = {
      id: this.#id,
      object: "response",
      created_at: this.#createdAt,
      status,
      access_programs: null,
      background: false,
      error: status === "failed" ? { code: "server_error", message: "The model had a fault." } : null,
      incomplete_details: status === "incomplete" ? { reason } : null,
      instructions: this.#request.instructions ?? null,
      max_output_tokens: null,
      metadata: {},
      model: this.#request.model ?? "",
      output: [...this.#output],
      parallel_tool_calls: true,
      previous_response_id: null,
      reasoning: { effort: null, summary: null },
      service_tier: "default",
      temperature: 1,
      text: { format: { type: "text" } },
      tool_choice: "auto",
      tools: [],
      top_p: 1,
      truncation: "disabled",
      ...(over && {
        usage: {
          input_tokens: input,
          input_tokens_details: { cached_tokens: cached, cache_write_tokens: 0 },
          output_tokens: output,
          output_tokens_details: { reasoning_tokens: 0 },
          total_tokens: input + output,
        },
      }),
    };
    // `output_text` is added by the client; it never goes over the wire.
    return response as Response;
  }
}

/** Unique over processes, and as long as OpenAI's. */
const idPrefix = randomBytes(18).toString("hex");
let ids = 0;
const newId = (kind: string): string => `${kind}_${idPrefix}${(++ids).toString(16).padStart(12, "0")}`;
