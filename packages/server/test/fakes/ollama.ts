import type { ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type {
  ChatCompletionMessageFunctionToolCall,
  ChatCompletionMessageParam,
} from "openai/resources/chat/completions";
import type { ContentPart, ContextItem } from "../../src/chat/context-item.ts";
import { fakeEmbeddings } from "./embeddings.ts";
import { FakeServer, type FakeServerOptions, type Handler, sendJson } from "./fake-server.ts";
import { CompletionFrames } from "./ollama-frames.ts";
import { runAsScript } from "./run-as-script.ts";
import { chooseScenario, type FakeMessage, piecesOf, SCENARIOS, type Scenario, usageOf } from "./scenario.ts";

interface FakeModel {
  /** The window that it was trained for, in tokens. */
  readonly trained: number;
  /** What its Modelfile sets. */
  readonly set?: number;
  /** The window that it was loaded with; absent: it is not loaded. */
  readonly allocated?: number;
  /** Default: a model that can chat and call tools. */
  readonly capabilities?: readonly string[];
}

interface FakeOllamaOptions extends FakeServerOptions {
  /** What is installed, by name. Default: llama3.2:3b, loaded with 4,096 tokens. */
  readonly models?: Readonly<Record<string, FakeModel>>;
  /** false: another server with the same `/v1`, which has nothing under `/api`. */
  readonly native?: boolean;
}

export interface ChatRequest {
  readonly model: string;
  readonly messages: readonly ChatCompletionMessageParam[];
  readonly stream?: boolean;
  readonly stream_options?: { readonly include_usage?: boolean };
  readonly tools?: readonly unknown[];
}

const ollamaError = (status: number, message: string, type: string): Scenario => ({
  fail: { status, body: { error: { message, type, param: null, code: null } } },
});

/** Errors of Ollama and its like, by the name of the model that is asked for. */
export const OLLAMA_FAILURES: Readonly<Record<string, Scenario>> = {
  "fake-401": ollamaError(401, "unauthorized", "authentication_error"),
  "fake-busy": ollamaError(
    503,
    "server busy, please try again.  maximum pending requests exceeded",
    "api_error",
  ),
  "fake-loading": ollamaError(503, "Loading model", "unavailable_error"),
  "fake-memory": ollamaError(
    500,
    "model requires more system memory (5.5 GiB) than is available",
    "api_error",
  ),
  "fake-context": {
    fail: {
      status: 400,
      body: {
        error: {
          code: 400,
          message: "the request exceeds the available context size, try increasing it",
          type: "exceed_context_size_error",
          n_prompt_tokens: 14429,
          n_ctx: 8192,
        },
      },
    },
  },
};

/** Ollama's `/v1`, and what of its own API this product asks. */
export class FakeOllama extends FakeServer {
  /** What is installed: may be changed at any time. */
  models: Readonly<Record<string, FakeModel>>;
  /** false: another server with the same `/v1`, which has nothing under `/api`. */
  native: boolean;
  /** Prompts of more tokens, four characters each, are refused as llama.cpp does. */
  windowLimit = Number.POSITIVE_INFINITY;
  /** How long a model takes to load, in milliseconds. */
  loadMs = 0;
  /** Returns why a request is refused, if it is: for servers that are strict about the messages of a tool loop. */
  refuses: (body: ChatRequest) => Scenario["fail"] = () => undefined;

  constructor(options: FakeOllamaOptions) {
    super(options);
    this.models = options.models ?? { "llama3.2:3b": { trained: 131_072, allocated: 4096 } };
    this.native = options.native ?? true;
  }

  /** The value for `OLLAMA_BASE_URL`. */
  get url(): string {
    return `${this.origin}/v1`;
  }

  protected readonly routes: Readonly<Record<string, Handler>> = {
    "GET /v1/models": (_, response) => {
      const data = Object.keys(this.models).map((id) => ({
        id,
        object: "model",
        created: 0,
        owned_by: "library",
      }));
      sendJson(response, 200, { object: "list", data });
    },
    "POST /v1/chat/completions": async (request, response, gone) => {
      const body = request.body as ChatRequest;
      const messages = body.messages.map(toFakeMessage);
      const fail = this.refuses(body);
      const scenario = !this.#has(body.model)
        ? ollamaError(404, `model '${body.model}' not found`, "not_found_error")
        : fail
          ? { fail }
          : chooseScenario(body.model, messages, OLLAMA_FAILURES, this.scenario);
      const prompt = usageOf({}, messages, []).input;
      if (prompt > this.windowLimit) {
        const message = `request (${prompt} tokens) exceeds the available context size (${this.windowLimit} tokens)`;
        const type = "exceed_context_size_error";
        const error = { code: 400, message, type, n_prompt_tokens: prompt, n_ctx: this.windowLimit };
        sendJson(response, 400, { error });
        return;
      }
      if (scenario.fail !== undefined) {
        sendJson(response, scenario.fail.status, scenario.fail.body, scenario.fail.headers);
        return;
      }
      const pieces = piecesOf(scenario, messages);
      const frames = new CompletionFrames(
        body.model,
        scenario,
        usageOf(scenario, messages, pieces),
        body.stream_options?.include_usage ?? false,
      );
      if (body.stream) await this.stream(request, response, frames, pieces, scenario, gone);
      else await this.sendWhole(response, frames.whole(pieces), scenario, gone);
    },
    "GET /api/tags": (_, response) => {
      this.#sendNative(response, {
        models: Object.keys(this.models).map((name) => ({ name, model: name, size: 1 })),
      });
    },
    "GET /api/ps": (_, response) => {
      const loaded = Object.entries(this.models).filter(([, { allocated }]) => allocated !== undefined);
      this.#sendNative(response, {
        models: loaded.map(([name, { allocated }]) => ({
          name,
          model: name,
          size: 1,
          expires_at: new Date(Date.now() + 300_000).toISOString(),
          size_vram: 0,
          context_length: allocated,
        })),
      });
    },
    "POST /v1/embeddings": fakeEmbeddings("all-minilm:22m"),
    "POST /api/generate": async (request, response, gone) => {
      const { model } = request.body as { model: string };
      await sleep(this.loadMs, undefined, { signal: gone });
      const found = this.models[model];
      if (found !== undefined) this.models = { ...this.models, [model]: { allocated: 4096, ...found } };
      this.#sendNative(response, { model, response: "", done: true, done_reason: "load" });
    },
    "POST /api/show": (request, response) => {
      const { model } = request.body as { model: string };
      const found = this.models[model];
      if (found === undefined) {
        sendJson(response, 404, { error: `model '${model}' not found` });
        return;
      }
      this.#sendNative(response, {
        parameters: `temperature                    0${found.set ? `\nnum_ctx ${found.set}` : ""}`,
        details: { family: "llama" },
        capabilities: found.capabilities ?? ["completion", "tools"],
        model_info: { "general.architecture": "llama", "llama.context_length": found.trained },
      });
    },
  };

  #has(model: string): boolean {
    return model in this.models || model in SCENARIOS || model in OLLAMA_FAILURES;
  }

  #sendNative(response: ServerResponse, body: unknown): void {
    if (this.native) sendJson(response, 200, body);
    else response.writeHead(404, { "content-type": "text/plain" }).end("Not Found");
  }
}

const toFakeMessage = ({ role, content }: ChatCompletionMessageParam): FakeMessage => ({
  role,
  content: textOf(content),
});

const textOf = (content: ChatCompletionMessageParam["content"]): string =>
  typeof content === "string"
    ? content
    : (content ?? []).map((part) => (part.type === "text" ? part.text : "")).join("");

/** The messages of a request as this product's own items, for tests to compare with what they have sent. */
export function promptOf(messages: readonly ChatCompletionMessageParam[]) {
  const [first] = messages;
  const system = first?.role === "system" ? textOf(first.content) : "";
  const items = messages.slice(system === "" ? 0 : 1).flatMap((message): ContextItem[] => {
    if (message.role === "tool") {
      const content = textOf(message.content);
      return [{ type: "function_call_output", callId: message.tool_call_id, content }];
    }
    if (message.role === "assistant") {
      const { content, tool_calls = [] } = message;
      const calls = (tool_calls as ChatCompletionMessageFunctionToolCall[]).map(
        ({ id, function: { name, arguments: args } }) =>
          ({ type: "function_call", callId: id, name, arguments: args }) as const,
      );
      return [...(content ? [{ role: "assistant" as const, content: textOf(content) }] : []), ...calls];
    }
    const { content } = message;
    if (typeof content === "string") return [{ role: "user", content }];
    const parts = (content ?? []).flatMap((part): ContentPart[] => {
      if (part.type === "text") return [{ type: "text", text: part.text }];
      return part.type === "image_url" ? [{ type: "image", url: part.image_url.url }] : [];
    });
    return [{ role: "user", content: textOf(content), parts }];
  });
  return { system, items };
}

export async function startFakeOllama(options: FakeOllamaOptions = {}): Promise<FakeOllama> {
  const fake = new FakeOllama(options);
  await fake.listen(options.port ?? 0);
  return fake;
}

await runAsScript(import.meta.url, startFakeOllama);
