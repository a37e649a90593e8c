import type { AnswerFrames } from "./play.ts";
import type { FakeToolCall, Scenario } from "./scenario.ts";

interface Usage {
  readonly input: number;
  readonly cached: number;
  readonly output: number;
}

let completions = 0;

/** One answer of Ollama's Chat Completions, as `fixtures/chat-completions-*.http` have it. */
export class CompletionFrames implements AnswerFrames {
  readonly #model: string;
  readonly #scenario: Scenario;
  readonly #usage: Usage;
  readonly #includeUsage: boolean;
  readonly #id = `chatcmpl-${++completions % 1000}`;
  readonly #created = Math.floor(Date.now() / 1000);

  constructor(model: string, scenario: Scenario, usage: Usage, includeUsage: boolean) {
    this.#model = model;
    this.#scenario = scenario;
    this.#usage = usage;
    this.#includeUsage = includeUsage;
  }

  /** Ollama sends nothing before its first token. */
  head(): string {
    return "";
  }

  reasoning(piece: string): string {
    return this.#chunk({ role: "assistant", content: "", reasoning: piece });
  }

  text(piece: string): string {
    if (this.#scenario.refusal) return this.#chunk({ role: "assistant", content: null, refusal: piece });
    return this.#chunk({ role: "assistant", content: piece });
  }

  /** As llama.cpp and vLLM send it; Ollama sends a call whole. */
  toolCall({ id, name, arguments: [first = "", ...others] }: FakeToolCall, index: number): string[] {
    const call = (fields: object) => this.#chunk({ role: "assistant", tool_calls: [{ index, ...fields }] });
    return [
      call({ id, type: "function", function: { name, arguments: first } }),
      ...others.map((piece) => call({ function: { arguments: piece } })),
    ];
  }

  tail(): string {
    const usage = this.#includeUsage ? this.#line({ choices: [], usage: this.#usageObject() }) : "";
    return `${this.#chunk({ role: "assistant", content: "" }, this.#finish())}${usage}data: [DONE]\n\n`;
  }

  error(): string {
    const error = { message: "the model runner has stopped", type: "api_error", param: null, code: null };
    return `data: ${JSON.stringify({ error })}\n\n`;
  }

  /** The answer in one piece, for a request that is not streamed. */
  whole(pieces: readonly string[]): unknown {
    const { reasoning, refusal, toolCalls } = this.#scenario;
    const text = pieces.join("");
    const message = {
      role: "assistant",
      content: refusal ? null : text,
      ...(refusal && { refusal: text }),
      ...(reasoning && { reasoning: reasoning.join("") }),
      ...(toolCalls && {
        tool_calls: toolCalls.map(({ id, name, arguments: args }, index) => ({
          id,
          index,
          type: "function",
          function: { name, arguments: args.join("") },
        })),
      }),
    };
    return {
      ...this.#object("chat.completion"),
      choices: [{ index: 0, message, finish_reason: this.#finish() }],
      usage: this.#usageObject(),
    };
  }

  #chunk(delta: unknown, finish_reason: string | null = null): string {
    return this.#line({ choices: [{ index: 0, delta, finish_reason }] });
  }

  #line(fields: object): string {
    return `data: ${JSON.stringify({ ...this.#object("chat.completion.chunk"), ...fields })}\n\n`;
  }

  #object(object: string) {
    return {
      id: this.#id,
      object,
      created: this.#created,
      model: this.#model,
      system_fingerprint: "fp_ollama",
    };
  }

  #finish(): string {
    return this.#scenario.finish ?? (this.#scenario.toolCalls ? "tool_calls" : "stop");
  }

  #usageObject() {
    const { input, cached, output } = this.#usage;
    return {
      prompt_tokens: input,
      completion_tokens: output,
      total_tokens: input + output,
      ...(cached > 0 && { prompt_tokens_details: { cached_tokens: cached } }),
    };
  }
}
