import type {
  EasyInputMessage,
  ResponseCreateParams,
  ResponseFunctionCallOutputItem,
  ResponseInputContent,
  ResponseInputItem,
} from "openai/resources/responses/responses";
import type { ContentPart, ContextItem, ContextMessage } from "../../src/chat/context-item.ts";
import { fakeEmbeddings } from "./embeddings.ts";
import {
  FakeServer,
  type FakeServerOptions,
  type Handler,
  type LoggedRequest,
  sendJson,
} from "./fake-server.ts";
import { ResponseFrames } from "./openai-frames.ts";
import { runAsScript } from "./run-as-script.ts";
import { chooseScenario, type FakeMessage, piecesOf, type Scenario, usageOf } from "./scenario.ts";

interface FakeOpenAiOptions extends FakeServerOptions {
  /** The only key that is accepted; default: every one. */
  readonly apiKey?: string;
  /** What `GET /models` lists. */
  readonly models?: readonly string[];
}

const MODELS = ["gpt-5-mini", "gpt-5-mini-2025-08-07", "gpt-4o-mini", "text-embedding-3-small", "whisper-1"];

/** An error as OpenAI answers it. */
export const openAiError = (
  status: number,
  error: { message: string; type: string; param?: string | null; code?: string | null },
  headers: Readonly<Record<string, string>> = {},
) => ({ fail: { status, body: { error: { param: null, code: null, ...error } }, headers } });

/** OpenAI's errors, by the name of the model that is asked for. */
export const OPENAI_FAILURES = {
  "fake-401": openAiError(401, {
    message:
      "Incorrect API key provided: sk-not-*****-key. You can find your API key at https://platform.openai.com.",
    type: "invalid_request_error",
    code: "invalid_api_key",
  }),
  "fake-quota": openAiError(429, {
    message: "You exceeded your current quota, please check your plan and billing details.",
    type: "insufficient_quota",
    code: "insufficient_quota",
  }),
  "fake-429": openAiError(
    429,
    { message: "Rate limit reached for requests.", type: "requests", code: "rate_limit_exceeded" },
    { "retry-after": "20", "retry-after-ms": "19500" },
  ),
  "fake-unknown": openAiError(400, {
    message: "The requested model 'fake-unknown' does not exist.",
    type: "invalid_request_error",
    param: "model",
    code: "model_not_found",
  }),
  "fake-context": openAiError(400, {
    message: "Your input exceeds the context window of this model. Please adjust your input and try again.",
    type: "invalid_request_error",
    param: "input",
    code: "context_length_exceeded",
  }),
  "fake-refused": openAiError(400, {
    message: "Invalid prompt: your prompt was flagged as potentially violating our usage policy.",
    type: "invalid_request_error",
    code: "invalid_prompt",
  }),
  "fake-500": openAiError(500, {
    message: "The server had an error while processing your request.",
    type: "server_error",
  }),
  "fake-503": openAiError(503, {
    message: "The engine is currently overloaded, please try again later.",
    type: "server_error",
  }),
} as const satisfies Record<string, Scenario>;

const STREAMING_REFUSED = openAiError(400, {
  message: "Your organization must be verified to stream this model.",
  type: "invalid_request_error",
  param: "stream",
  code: "unsupported_value",
});

/** OpenAI's Responses API, as far as this product and its users' clients call it. */
export class FakeOpenAi extends FakeServer {
  readonly #apiKey: string | undefined;
  readonly #models: readonly string[];

  constructor(options: FakeOpenAiOptions) {
    super(options);
    this.#apiKey = options.apiKey;
    this.#models = options.models ?? MODELS;
  }

  /** The value for `OPENAI_BASE_URL`. */
  get url(): string {
    return `${this.origin}/v1`;
  }

  protected readonly routes: Readonly<Record<string, Handler>> = {
    "GET /v1/models": (request, response) => {
      if (this.#refuses(request)) {
        const { status, body } = OPENAI_FAILURES["fake-401"].fail;
        sendJson(response, status, body);
        return;
      }
      const data = this.#models.map((id) => ({
        id,
        object: "model",
        created: 1_754_425_777,
        owned_by: "system",
      }));
      sendJson(response, 200, { object: "list", data });
    },
    "POST /v1/embeddings": fakeEmbeddings("text-embedding-3-small"),
    "POST /v1/responses": async (request, response, gone) => {
      const body = request.body as ResponseCreateParams;
      const messages = messagesOf(body);
      const scenario: Scenario = this.#refuses(request)
        ? OPENAI_FAILURES["fake-401"]
        : chooseScenario(body.model ?? "", messages, OPENAI_FAILURES, this.scenario);
      const failure =
        scenario.fail ?? (body.stream && scenario.refuseStreaming ? STREAMING_REFUSED.fail : undefined);
      if (failure !== undefined) {
        sendJson(response, failure.status, failure.body, failure.headers);
        return;
      }
      const pieces = piecesOf(scenario, messages);
      const frames = new ResponseFrames(body, scenario, usageOf(scenario, messages, pieces));
      if (body.stream) await this.stream(request, response, frames, pieces, scenario, gone);
      else await this.sendWhole(response, frames.whole(pieces), scenario, gone);
    },
  };

  #refuses(request: LoggedRequest): boolean {
    return this.#apiKey !== undefined && request.headers.authorization !== `Bearer ${this.#apiKey}`;
  }
}

/** What a request says, whichever form its input has: the instructions are not among them. */
export function messagesOf(body: ResponseCreateParams): FakeMessage[] {
  if (typeof body.input === "string") return [{ role: "user", content: body.input }];
  return (body.input ?? []).map((item) => {
    const { role = "", content = "" } = item as Partial<EasyInputMessage>;
    return { role, content: textOf(content) };
  });
}

const textOf = (content: EasyInputMessage["content"]): string =>
  typeof content === "string"
    ? content
    : content.map((part) => (part.type === "input_text" ? part.text : "")).join("");

/** The input of a request as this product's own items, for tests to compare with what they have sent. */
export const itemsOfInput = (input: readonly ResponseInputItem[]): ContextItem[] =>
  input.map((item): ContextItem => {
    if (item.type === "function_call")
      return { type: item.type, callId: item.call_id, name: item.name, arguments: item.arguments };
    if (item.type === "function_call_output")
      return { type: item.type, callId: item.call_id ?? "", ...contentOf(item.output) };
    const { role, content, phase } = item as EasyInputMessage;
    return { role: role as ContextMessage["role"], ...contentOf(content), ...(phase && { phase }) };
  });

function contentOf(content: string | readonly (ResponseInputContent | ResponseFunctionCallOutputItem)[]) {
  if (typeof content === "string") return { content };
  const parts = content.map((part): ContentPart => {
    if (part.type === "input_text") return { type: "text", text: part.text };
    if (part.type === "input_image") return { type: "image", url: part.image_url ?? "" };
    return { type: "file", name: part.filename ?? "", url: part.file_data ?? part.file_url ?? "" };
  });
  const text = parts.map((part) => (part.type === "text" ? part.text : "")).join("");
  return { content: text, parts };
}

export async function startFakeOpenAi(options: FakeOpenAiOptions = {}): Promise<FakeOpenAi> {
  const fake = new FakeOpenAi(options);
  await fake.listen(options.port ?? 0);
  return fake;
}

await runAsScript(import.meta.url, startFakeOpenAi);
