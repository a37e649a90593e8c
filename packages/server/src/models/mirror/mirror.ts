import { setTimeout as sleep } from "node:timers/promises";
import type { AnswerSink, Availability, ChatModel, Completion, ModelRequest } from "../../chat/chat-model.ts";
import type { FunctionTool } from "../../chat/model-settings.ts";
import { AppError } from "../../errors/app-error.ts";
import { mirrorAnswer } from "./answer.ts";

export interface MirrorConfig {
  /** Milliseconds between two words, so that the stream can be seen; 0: the whole answer at once. */
  readonly wordDelayMs: number;
}

/** Tokens. Small, so that a learner can fill it. */
const CONTEXT_WINDOW = 8192;
/** A long answer comes in more words at a time, not in more time. */
const MAX_STEPS = 100;

/** Answers from nothing but the messages it was sent: what a model would see, exactly, at no cost. */
export class Mirror implements ChatModel {
  readonly id = "mirror";
  readonly name = "Mirror (no AI)";
  readonly defaultModel = "mirror";
  readonly settings = [
    "tools",
    "toolChoice",
    "parallelToolCalls",
    "temperature",
    "topP",
    "seed",
    "maxOutputTokens",
    "reasoningEffort",
  ] as const;
  readonly lacks = [];
  readonly #wordDelayMs: number;
  readonly #closed = new AbortController();

  constructor(config: MirrorConfig) {
    this.#wordDelayMs = config.wordDelayMs;
  }

  async availability(): Promise<Availability> {
    const price = { input: 0, cached_input: 0, output: 0 };
    const capabilities = { images: true, tools: true, reasoning: false };
    return {
      available: true,
      models: [{ id: this.defaultModel, context_window: CONTEXT_WINDOW, price, capabilities }],
    };
  }

  async generate(request: ModelRequest, sink: AnswerSink, signal: AbortSignal): Promise<Completion> {
    const ended = AbortSignal.any([signal, this.#closed.signal]);
    ended.throwIfAborted();
    const tool = demandedTool(request);
    if (tool !== undefined) {
      sink.toolCall({ index: 0, name: tool.name, arguments: "{}" });
      return { usage: null, finishReason: "tool_call" };
    }
    const whole = mirrorAnswer(request.items);
    const answer = firstWords(whole, request.settings?.maxOutputTokens);
    if (this.#wordDelayMs === 0) sink.text(answer);
    else
      for (const step of inSteps(answer)) {
        await sleep(this.#wordDelayMs, undefined, { signal: ended }).catch(() => ended.throwIfAborted());
        sink.text(step);
      }
    ended.throwIfAborted();
    return { usage: null, finishReason: answer === whole ? "complete" : "length" };
  }

  wireRequest(): null {
    return null;
  }

  async close(): Promise<void> {
    this.#closed.abort(
      new AppError("provider_unavailable", "The mirror was closed. Start the server again."),
    );
  }
}

/** The tool that the request demands to be called. Left to itself, the mirror calls none. */
function demandedTool({ settings }: ModelRequest): FunctionTool | undefined {
  const { tools = [], toolChoice } = settings ?? {};
  if (toolChoice === "required") return tools[0];
  return typeof toolChoice === "object" ? tools.find(({ name }) => name === toolChoice.name) : undefined;
}

/** So many words, as if each were a token. */
const firstWords = (text: string, words = Number.POSITIVE_INFINITY): string =>
  (text.match(/\S+\s*/g) ?? []).slice(0, words).join("");

function inSteps(answer: string): string[] {
  const words = answer.match(/\S+\s*/g) ?? [];
  const wordsAStep = Math.ceil(words.length / MAX_STEPS);
  const steps: string[] = [];
  for (let at = 0; at < words.length; at += wordsAStep) steps.push(words.slice(at, at + wordsAStep).join(""));
  return steps;
}
