import type { ResponseCreateParamsBase, ResponseStreamEvent } from "openai/resources/responses/responses";
import { z } from "zod";
import type { AnswerSink, Completion, ModelRequest } from "../../chat/chat-model.ts";
import { AnswerText } from "../answer-text.ts";
import { asTextMessages } from "../context-roles.ts";
import type { EventReader } from "../event-stream.ts";
import { failureOfError, findProviderError } from "../provider-error-body.ts";
import { ProviderFailure } from "../provider-failure.ts";
import { parseAs, parseJson } from "../wire-json.ts";

/** The body of `POST /responses`. Nothing is kept at OpenAI: Redis is the only memory. */
export function requestBody(request: ModelRequest, stream: boolean): ResponseCreateParamsBase {
  return {
    model: request.model,
    ...(request.system !== "" && { instructions: request.system }),
    input: asTextMessages(request.messages),
    store: false,
    stream,
  };
}

/** The ids of `GET /models`. */
export function parseModelIds(body: unknown): string[] {
  return parseAs(z.object({ data: z.array(z.object({ id: z.string() })) }), body).data.map(({ id }) => id);
}

/** Reads an answer that was not streamed. `secret` is kept out of what is quoted. */
export function readWholeResponse(body: unknown, sink: AnswerSink, secret: string): Completion {
  const { status, output } = parseAs(wholeResponse, body);
  const completion = completionOf(body, status, secret);
  const parts = output.flatMap((item) => (item.type === "message" ? (item.content ?? []) : []));
  const text = new AnswerText(sink);
  text.push(parts.map((part) => part.text ?? part.refusal ?? "").join(""));
  text.end();
  return completion;
}

/** What is read of an event; which of it is there depends on the type. */
interface WireEvent {
  readonly type?: ResponseStreamEvent["type"] | "keepalive";
  readonly delta?: unknown;
  readonly item?: { readonly type?: unknown } | null;
  readonly response?: unknown;
}

/** Reads the events of a streamed answer. */
export class ResponseEvents implements EventReader<Completion> {
  readonly #sink: AnswerSink;
  readonly #text: AnswerText;
  readonly #secret: string;

  constructor(sink: AnswerSink, secret: string) {
    this.#sink = sink;
    this.#text = new AnswerText(sink);
    this.#secret = secret;
  }

  event(data: string): Completion | undefined {
    // Not of this API, but servers that speak it with the habits of the older one send it.
    if (data === "[DONE]") return undefined;
    const event = parseJson(data) as WireEvent | null;
    switch (event?.type) {
      case "response.output_text.delta":
      case "response.refusal.delta":
        this.#text.push(event.delta);
        return undefined;
      case "response.completed":
      case "response.incomplete":
      case "response.failed": {
        const status = event.type.slice("response.".length);
        const completion = completionOf(event.response, status, this.#secret);
        this.#text.end();
        return completion;
      }
      case "error":
        throw failureOfError(findProviderError(event) ?? NO_ERROR, this.#secret);
      default:
        if (event !== null && isReasoning(event)) this.#sink.thinking();
        return undefined;
    }
  }

  end(): never {
    throw new ProviderFailure("provider_broke_off");
  }
}

/** A reasoning model may be long at it without an event of its own: then OpenAI sends keepalives. */
function isReasoning({ type, item }: WireEvent): boolean {
  if (type === "keepalive") return true;
  if (type === "response.output_item.added") return item?.type === "reasoning";
  return typeof type === "string" && type.startsWith("response.reasoning");
}

const NO_ERROR = { message: "", type: "", param: "", code: "" };

const tokens = z.int().nonnegative();
const responseEnd = z.object({
  error: z.unknown().optional(),
  incomplete_details: z.object({ reason: z.string().nullish() }).nullish(),
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
const wholeResponse = z.object({
  status: z.string().default("completed"),
  output: z.array(
    z.object({
      type: z.string(),
      content: z
        .array(z.object({ text: z.string().optional(), refusal: z.string().optional() }))
        .nullish()
        .catch(null),
    }),
  ),
});

/** How a response ended. @throws ProviderFailure if it failed */
function completionOf(response: unknown, status: string, secret: string): Completion {
  const { error, incomplete_details, usage } = parseAs(responseEnd, response);
  if (status === "failed") throw failureOfError(findProviderError({ error }) ?? NO_ERROR, secret);
  const cached = usage?.input_tokens_details?.cached_tokens;
  const incomplete = incomplete_details?.reason === "content_filter" ? "content_filter" : "length";
  return {
    usage: usage
      ? {
          input_tokens: usage.input_tokens,
          ...(cached !== undefined && { cached_tokens: cached }),
          output_tokens: usage.output_tokens,
        }
      : null,
    finishReason: status === "incomplete" ? incomplete : "stop",
  };
}
