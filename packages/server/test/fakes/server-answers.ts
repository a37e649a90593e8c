import type { FinishReason, Usage } from "@redis-memory-magic/protocol";

/** An answer in the form in which a server is known to send it; the words are this project's own. */
export interface ServerAnswer {
  readonly server: string;
  readonly deviation: string;
  /** Where the form is documented or reported. */
  readonly source: string;
  readonly body: string;
  /** What it is read as: how a turn ends, or the code that it fails with. */
  readonly read:
    | {
        readonly text: string;
        readonly finish: FinishReason;
        readonly reasoning?: string;
        readonly usage?: Usage;
        readonly tools?: readonly { readonly name: string; readonly arguments: string }[];
      }
    | { readonly fails: string; readonly text?: string; readonly said?: RegExp };
}

const data = (...events: unknown[]): string =>
  events.map((event) => `data: ${typeof event === "string" ? event : JSON.stringify(event)}\n\n`).join("");
const chunk = (delta: object | null, finish_reason: unknown = null, more: object = {}) => ({
  id: "chatcmpl-1",
  object: "chat.completion.chunk",
  created: 1795423151,
  model: "m",
  choices: [{ index: 0, delta, finish_reason }],
  ...more,
});
const wholeCall = (id: string, name: string, args: string) => ({
  index: 0,
  id,
  type: "function",
  function: { name, arguments: args },
});
const ULM = { name: "weather", arguments: '{"city":"Ulm"}' };
const ROM = { name: "weather", arguments: '{"city":"Rom"}' };
const usage = { prompt_tokens: 9, completion_tokens: 2, total_tokens: 11 };
const read = { input_tokens: 9, output_tokens: 2 };

/** Deviations from OpenAI's Chat Completions, by server. */
export const SERVER_ANSWERS: readonly ServerAnswer[] = [
  {
    server: "Ollama",
    deviation: "each of the parallel calls comes whole, in a chunk of its own, with the index 0",
    source: "https://github.com/BerriAI/litellm/issues/21331",
    body: data(
      chunk({
        role: "assistant",
        content: "",
        tool_calls: [wholeCall("call_a", "weather", '{"city":"Ulm"}')],
      }),
      chunk({
        role: "assistant",
        content: "",
        tool_calls: [wholeCall("call_b", "weather", '{"city":"Rom"}')],
      }),
      chunk({ role: "assistant", content: "" }, "tool_calls"),
      "[DONE]",
    ),
    read: { text: "", finish: "tool_call", tools: [ULM, ROM] },
  },
  {
    server: "vLLM",
    deviation: "the pieces of parallel calls come mixed",
    source: "https://docs.vllm.ai/en/latest/features/tool_calling.html",
    body: data(
      chunk({ reasoning_content: "Both." }),
      chunk({ tool_calls: [{ index: 0, id: "a", type: "function", function: { name: "weather" } }] }),
      chunk({ tool_calls: [{ index: 1, id: "b", type: "function", function: { name: "weather" } }] }),
      chunk({ tool_calls: [{ index: 0, function: { arguments: '{"city":' } }] }),
      chunk({ tool_calls: [{ index: 1, function: { arguments: '{"city":"Rom"}' } }] }),
      chunk({ tool_calls: [{ index: 0, function: { arguments: '"Ulm"}' } }] }),
      chunk({}, "stop"),
      "[DONE]",
    ),
    read: { text: "", reasoning: "Both.", finish: "tool_call", tools: [ULM, ROM] },
  },
  {
    server: "gateways",
    deviation: "a call's name and id are repeated with each piece of its arguments",
    source: "https://github.com/BerriAI/litellm/issues/21331",
    body: data(
      chunk({ content: "I look.", tool_calls: [wholeCall("a", "weather", '{"city":')] }),
      chunk({ tool_calls: [wholeCall("a", "weather", '"Ulm"}')] }),
      chunk({}, "tool_calls"),
      "[DONE]",
    ),
    read: { text: "I look.", finish: "tool_call", tools: [ULM] },
  },
  {
    server: "Ollama",
    deviation: "what the model thinks comes in `reasoning`",
    source: "https://github.com/ollama/ollama/blob/main/docs/api/openai-compatibility.mdx",
    body: data(
      chunk({ role: "assistant", content: "", reasoning: "Hm. " }),
      chunk({ content: "Hello" }),
      chunk({ content: "" }, "stop"),
      { ...chunk(null), choices: [], usage },
      "[DONE]",
    ),
    read: { text: "Hello", reasoning: "Hm. ", finish: "complete", usage: read },
  },
  {
    server: "Ollama",
    deviation: "the runner dies: the stream ends without a reason and without an end mark",
    source: "recorded from Ollama 0.32.15 on 2026-11-26",
    body: data(chunk({ content: "Once upon" }), chunk({ content: "" }, null, { model: "" })),
    read: { fails: "provider_broke_off", text: "Once upon" },
  },
  {
    server: "Ollama",
    deviation: "an error is a plain text",
    source: "https://github.com/ollama/ollama/blob/main/docs/api/errors.mdx",
    body: data({ error: "an error was encountered while running the model: unexpected EOF" }),
    read: { fails: "provider_failed", said: /unexpected EOF/ },
  },
  {
    server: "llama.cpp",
    deviation: "reasoning in `reasoning_content`, the usage beside the reason, the cached tokens in it",
    source: "https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md",
    body: data(
      chunk({ role: "assistant", content: null }),
      chunk({ reasoning_content: "Hm." }),
      chunk({ content: "Hello" }),
      chunk({}, "length", { usage: { ...usage, prompt_tokens_details: { cached_tokens: 4 } }, timings: {} }),
      "[DONE]",
    ),
    read: {
      text: "Hello",
      reasoning: "Hm.",
      finish: "length",
      usage: { input_tokens: 9, cached_tokens: 4, output_tokens: 2 },
    },
  },
  {
    server: "llama.cpp",
    deviation: "with `--reasoning-format none` the tags stand in the text, cut over chunks",
    source: "https://github.com/open-webui/open-webui/issues/22840",
    body: data(
      chunk({ content: "<th" }),
      chunk({ content: "ink>Hm.</thi" }),
      chunk({ content: "nk>\n\nHello" }),
      chunk({}, "stop"),
      "[DONE]",
    ),
    read: { text: "Hello", reasoning: "Hm.", finish: "complete" },
  },
  {
    server: "vLLM",
    deviation: "an error in the stream has a number as its code, and no `error` around it",
    source: "https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html",
    body: data(chunk({ role: "assistant", content: "" }), {
      object: "error",
      message: "This model's maximum context length is 4096 tokens.",
      type: "BadRequestError",
      param: null,
      code: 400,
    }),
    read: { fails: "provider_context_exceeded", said: /4096/ },
  },
  {
    server: "vLLM",
    deviation: "a request that was aborted ends with `abort`",
    source: "https://docs.vllm.ai/en/latest/api/vllm/v1/engine/index.html",
    body: data(chunk({ content: "Hel" }), chunk({ content: "" }, "abort"), "[DONE]"),
    read: { fails: "provider_failed", text: "Hel" },
  },
  {
    server: "LM Studio",
    deviation: "an unknown path is answered with 200 and an error",
    source: "https://github.com/lmstudio-ai/lmstudio-bug-tracker/issues/618",
    body: '{"error":"Unexpected endpoint or method. (POST /chat/completions). Returning 200 anyway"}',
    read: { fails: "provider_failed", said: /Unexpected endpoint/ },
  },
  {
    server: "LM Studio",
    deviation: "an error is an event with a name",
    source: "https://github.com/lmstudio-ai/lmstudio-bug-tracker/issues/1323",
    body: 'event: error\ndata: {"error":{"message":"The model has crashed without additional information."}}\n\n',
    read: { fails: "provider_failed", said: /crashed/ },
  },
  {
    server: "OpenRouter",
    deviation: "comments before the answer, reasoning twice",
    source: "https://openrouter.ai/docs/api/reference/streaming",
    body: `: OPENROUTER PROCESSING\n\n: OPENROUTER PROCESSING\n\n${data(
      chunk({ role: "assistant", content: "", reasoning: "Hm.", reasoning_details: [{ text: "Hm." }] }),
      chunk({ content: "Hello" }),
      chunk({ content: "" }, "stop", { usage: { ...usage, cost: 0.0001 } }),
      "[DONE]",
    )}`,
    read: { text: "Hello", reasoning: "Hm.", finish: "complete", usage: read },
  },
  {
    server: "OpenRouter",
    deviation: "a failure in the middle: an error at the top and `finish_reason: error`",
    source: "https://openrouter.ai/docs/api/reference/errors-and-debugging",
    body: data(
      chunk({ content: "Hel" }),
      chunk({ content: "" }, "error", { error: { code: 502, message: "Provider disconnected" } }),
      "[DONE]",
    ),
    read: { fails: "provider_failed", text: "Hel", said: /disconnected/ },
  },
  {
    server: "OpenRouter",
    deviation: "a failure in the choice, with the upstream's own words in `metadata.raw`",
    source: "https://github.com/earendil-works/pi/issues/9002",
    body: data(chunk({ content: "Hel" }), {
      choices: [
        {
          index: 0,
          delta: { content: "" },
          finish_reason: "error",
          error: {
            code: 429,
            message: "Provider returned error",
            metadata: { raw: '{"error":{"message":"Too many requests this minute"}}' },
          },
        },
      ],
    }),
    read: { fails: "provider_rate_limited", text: "Hel", said: /this minute/ },
  },
  {
    server: "Groq",
    deviation: "the usage in `x_groq`",
    source: "https://console.groq.com/docs/api-reference",
    body: data(
      chunk({ role: "assistant", content: "" }, null, { x_groq: { id: "req_1" } }),
      chunk({ content: "Hello" }),
      chunk({}, "stop", { x_groq: { id: "req_1", usage } }),
      "[DONE]",
    ),
    read: { text: "Hello", finish: "complete", usage: read },
  },
  {
    server: "Mistral",
    deviation: "content in parts, what the model thinks among them; `model_length` for the window's end",
    source: "https://docs.mistral.ai/capabilities/reasoning",
    body: data(
      chunk({ role: "assistant", content: "" }),
      chunk({ content: [{ type: "thinking", thinking: [{ type: "text", text: "Hm." }] }] }),
      chunk({ content: [{ type: "text", text: "Hello" }] }),
      chunk({ content: " you" }, "model_length", { usage }),
      "[DONE]",
    ),
    read: { text: "Hello you", reasoning: "Hm.", finish: "length", usage: read },
  },
  {
    server: "DeepSeek",
    deviation: "keep-alive comments, and its own name for cached tokens",
    source: "https://api-docs.deepseek.com/quick_start/rate_limit",
    body: `: keep-alive\n\n: keep-alive\n\n${data(
      chunk({ role: "assistant", content: null, reasoning_content: "" }),
      chunk({ content: null, reasoning_content: "Hm." }),
      chunk({ content: "Hello", reasoning_content: null }),
      chunk({ content: "" }, "stop", { usage: { ...usage, prompt_cache_hit_tokens: 5 } }),
      "[DONE]",
    )}`,
    read: {
      text: "Hello",
      reasoning: "Hm.",
      finish: "complete",
      usage: { input_tokens: 9, cached_tokens: 5, output_tokens: 2 },
    },
  },
  {
    server: "DeepSeek",
    deviation: "a lack of resources is a finish reason",
    source: "https://api-docs.deepseek.com/api/create-chat-completion",
    body: data(chunk({ content: "Hel" }), chunk({}, "insufficient_system_resource"), "[DONE]"),
    read: { fails: "provider_failed", text: "Hel" },
  },
  {
    server: "Azure",
    deviation: "chunks without choices for the filter's results, and a filtered answer",
    source: "https://learn.microsoft.com/en-us/azure/ai-foundry/openai/concepts/content-streaming",
    body: data(
      { choices: [], prompt_filter_results: [{ prompt_index: 0, content_filter_results: {} }] },
      chunk({ role: "assistant", content: "Hel" }),
      chunk({}, "content_filter"),
      "[DONE]",
    ),
    read: { text: "Hel", finish: "content_filter" },
  },
  {
    server: "Together",
    deviation: "`eos` for the usual end, the text beside the delta",
    source: "https://docs.together.ai/reference/chat-completions",
    body: data(
      {
        choices: [
          {
            index: 0,
            text: "Hello",
            delta: { token_id: 1, role: "assistant", content: "Hello" },
            finish_reason: null,
          },
        ],
      },
      {
        choices: [
          {
            index: 0,
            text: "",
            delta: { token_id: 2, role: "assistant", content: "" },
            finish_reason: "eos",
          },
        ],
        usage,
      },
      "[DONE]",
    ),
    read: { text: "Hello", finish: "complete", usage: read },
  },
  {
    server: "LiteLLM",
    deviation: "an error in the stream has its code as a text",
    source: "https://docs.litellm.ai/docs/exception_mapping",
    body: data({
      error: { message: "litellm.RateLimitError: slow down", type: "None", param: "None", code: "429" },
    }),
    read: { fails: "provider_rate_limited", said: /slow down/ },
  },
  {
    server: "OpenAI",
    deviation: "a refusal in a field of its own",
    source: "https://platform.openai.com/docs/guides/structured-outputs",
    body: data(
      chunk({ role: "assistant", content: null, refusal: "I can't " }),
      chunk({ refusal: "do that." }),
      chunk({}, "stop"),
      "[DONE]",
    ),
    read: { text: "I can't do that.", finish: "refusal" },
  },
  {
    server: "OpenAI",
    deviation: "a tool is called: its name first, its arguments in pieces",
    source: "https://platform.openai.com/docs/guides/function-calling",
    body: data(
      chunk({ tool_calls: [{ index: 0, id: "call_1", function: { name: "weather", arguments: "" } }] }),
      chunk({ tool_calls: [{ index: 0, function: { arguments: '{"city":' } }] }),
      chunk({ tool_calls: [{ index: 0, function: { arguments: '"Ulm"}' } }] }),
      chunk({}, "tool_calls"),
      "[DONE]",
    ),
    read: { text: "", finish: "tool_call", tools: [{ name: "weather", arguments: '{"city":"Ulm"}' }] },
  },
  {
    server: "gateways",
    deviation: "the whole completion, though a stream was asked for",
    source: "https://github.com/a2aproject/A2A/issues/239",
    body: JSON.stringify({
      object: "chat.completion",
      choices: [{ index: 0, message: { role: "assistant", content: "Hello" }, finish_reason: "stop" }],
      usage,
    }),
    read: { text: "Hello", finish: "complete", usage: read },
  },
  {
    server: "gateways",
    deviation: "the end mark without a reason",
    source: "https://github.com/musistudio/claude-code-router/issues/1271",
    body: data(chunk({ content: "Hello" }), "[DONE]"),
    read: { text: "Hello", finish: "complete" },
  },
  {
    server: "gateways",
    deviation: "a reason without the end mark",
    source: "https://github.com/earendil-works/pi/issues/7954",
    body: data(chunk({ content: "Hello" }, "stop")),
    read: { text: "Hello", finish: "complete" },
  },
  {
    server: "gateways",
    deviation: "each chunk has a reason, also the ones that only think",
    source: "https://github.com/su-kaka/gcli2api/issues/403",
    body: data(
      chunk({ role: "assistant", content: "" }, "stop"),
      chunk({ reasoning_content: "Hm." }, "stop"),
      chunk({ content: "Hello" }, "stop"),
      chunk({ content: " you" }, "stop"),
      "[DONE]",
    ),
    read: { text: "Hello you", reasoning: "Hm.", finish: "complete" },
  },
  {
    server: "gateways",
    deviation: "null as a text, and a second reason that says less than the first",
    source: "https://github.com/open-webui/open-webui/issues/23921",
    body: data(
      chunk({ content: "Hello" }, "null"),
      chunk({ content: "" }, "MAX_TOKENS"),
      chunk({}, "stop"),
      "[DONE]",
    ),
    read: { text: "Hello", finish: "length" },
  },
  {
    server: "Vertex AI",
    deviation: "keep-alives as data",
    source: "https://github.com/anomalyco/opencode/issues/50871",
    body: `data: : keepalive\n\n${data(chunk({ content: "Hello" }), "2024-04-07 20:20:50.55", chunk({}, "stop"))}`,
    read: { text: "Hello", finish: "complete" },
  },
  {
    server: "GLM and Kimi",
    deviation: "no empty lines between the events",
    source: "https://github.com/rexxars/eventsource-parser/pull/31",
    body: `${data(chunk({ content: "Hello" }), chunk({ content: " you" }), chunk({}, "stop"), "[DONE]").replaceAll("\n\n", "\n")}`,
    read: { text: "Hello you", finish: "complete" },
  },
  {
    server: "llama.cpp",
    deviation: "until 2025, an error in the stream is a field of its own",
    source: "https://github.com/ggml-org/llama.cpp/pull/16109",
    body: `${data(chunk({ content: "Hel" }))}error: {"code":400,"message":"the request exceeds the available context size","type":"invalid_request_error"}\n\n`,
    read: { fails: "provider_context_exceeded", text: "Hel", said: /available context size/ },
  },
  {
    server: "Lemonade",
    deviation: "an error of the server behind it comes as a line that is no event",
    source: "https://github.com/lemonade-sdk/lemonade/issues/2826",
    body: `: ok\n\n{"error":{"code":400,"message":"request (19185 tokens) exceeds the available context size (16384 tokens)"}}\n`,
    read: { fails: "provider_context_exceeded", said: /19185/ },
  },
  {
    server: "proxies",
    deviation: "a sentence instead of an answer, or in the middle of one",
    source: "the words of Envoy's own answers",
    body: `${data(chunk({ content: "Hel" }))}upstream connect error or disconnect/reset before headers`,
    read: { fails: "provider_failed", text: "Hel", said: /upstream connect error/ },
  },
  {
    server: "MiniMax",
    deviation: "an error with status 200 is in `base_resp`",
    source: "https://github.com/adrianlyjak/obsidian-aloud-tts/pull/114",
    body: '{"choices":null,"base_resp":{"status_code":1008,"status_msg":"insufficient balance"}}',
    read: { fails: "provider_quota_exceeded", said: /insufficient balance/ },
  },
  {
    server: "gateways",
    deviation: "an error with status 200 has no `error`",
    source: "the form of iFlow's errors; no public report was found",
    body: '{"status":"439","msg":"Your API Token has expired.","body":null}',
    read: { fails: "provider_unauthorized", said: /has expired/ },
  },
  {
    server: "gateways",
    deviation: "a piece that looks like JSON is no text",
    source: "what reading each piece as JSON makes of it; no public report was found",
    body: data(
      chunk({ content: 1 }),
      chunk({ content: { type: "text", text: " apple" } }),
      chunk({}, "stop"),
    ),
    read: { text: "1 apple", finish: "complete" },
  },
  {
    server: "vLLM, MLX",
    deviation: "Gemma 4's own tags around its reasoning",
    source: "https://github.com/lmstudio-ai/lmstudio-bug-tracker/issues/2013",
    body: data(
      chunk({ content: "<|chan" }),
      chunk({ content: "nel>Hm.<channel|>" }),
      chunk({ content: "Hello" }, "stop"),
    ),
    read: { text: "Hello", reasoning: "Hm.", finish: "complete" },
  },
  {
    server: "MLX",
    deviation: "gpt-oss's channels in the text",
    source: "https://github.com/kekzl/imp/pull/768",
    body: data(
      chunk({ content: "<|channel|>analysis<|message|>Hm.<|end|><|start|>assist" }),
      chunk({ content: "ant<|channel|>final<|message|>Hello" }, "stop"),
    ),
    read: { text: "Hello", reasoning: "Hm.", finish: "complete" },
  },
  {
    server: "reasoning models",
    deviation: "all tokens go into thinking",
    source: "https://github.com/huggingface/chat-ui/issues/2383",
    body: data(chunk({ content: "", reasoning_content: "Hm." }), chunk({}, "length"), "[DONE]"),
    read: { text: "", reasoning: "Hm.", finish: "no_text" },
  },
];
