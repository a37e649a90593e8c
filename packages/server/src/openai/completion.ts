import type { OutputItem, TurnUpdate } from "@redis-memory-magic/memory";
import type { FinishReason } from "@redis-memory-magic/protocol";
import type { Completion } from "@redis-memory-magic/protocol/openai";
import type { AskedTurn } from "../chat/asked-turn.ts";
import type { TurnInfo } from "../chat/turn-info.ts";
import type { TurnResult } from "../chat/turn-result.ts";
import { functionCallsOf } from "./function-call.ts";
import { completionId } from "./ids.ts";
import { usageOf } from "./response.ts";
import { toUnixSeconds } from "./unix-seconds.ts";

type Update = Exclude<TurnUpdate, { readonly type: "end" }>;

const headOf = (turn: AskedTurn) => ({
  id: completionId(turn),
  created: toUnixSeconds(turn.startedAt),
  model: String(turn.info.client?.model ?? turn.info.model),
  service_tier: "default",
  system_fingerprint: null,
});

/** A turn that has ended, as a chat completion. */
export function toCompletion(turn: AskedTurn, { response, info, items }: TurnResult): Completion {
  const calls = items.flatMap(callsOf);
  const content = response.response;
  const reasoning = items.map(({ type, content }) => (type === "reasoning" ? content : "")).join("");
  return {
    ...headOf(turn),
    object: "chat.completion",
    choices: [
      {
        index: 0,
        message: {
          role: "assistant",
          content: content === "" && calls.length > 0 ? null : content,
          refusal: null,
          annotations: [],
          ...(reasoning !== "" && { reasoning_content: reasoning }),
          ...(calls.length > 0 && { tool_calls: calls }),
        },
        logprobs: null,
        finish_reason: finishOf(response.finish_reason, calls.length > 0),
      },
    ],
    usage: completionUsage(info),
  };
}

/** Writes a turn as the chunks of a streamed completion. */
export class CompletionChunks {
  readonly #head: object;
  #calls = 0;
  #hasText = false;

  constructor(turn: AskedTurn) {
    this.#head = { ...headOf(turn), object: "chat.completion.chunk" };
  }

  begin(): string {
    return this.#delta({ role: "assistant", content: "", refusal: null });
  }

  write(update: Update): string {
    switch (update.type) {
      case "text":
        this.#hasText = true;
        return this.#delta({ content: update.text });
      case "reasoning":
        return this.#delta({ reasoning_content: update.text });
      case "arguments":
        return this.#delta({
          tool_calls: [{ index: this.#calls - 1, function: { arguments: update.text } }],
        });
      case "item":
        if (update.item.role !== undefined && this.#hasText) return this.#delta({ content: "\n\n" });
        return callsOf(update.item)
          .map((call) => this.#delta({ tool_calls: [{ index: this.#calls++, ...call }] }))
          .join("");
      default:
        return "";
    }
  }

  end({ response, info }: TurnResult, withUsage: boolean): string {
    const finish = this.#delta({}, finishOf(response.finish_reason, this.#calls > 0));
    const usage = withUsage
      ? `data: ${JSON.stringify({ ...this.#head, choices: [], usage: completionUsage(info) })}\n\n`
      : "";
    return `${finish}${usage}data: [DONE]\n\n`;
  }

  #delta(delta: object, finish: string | null = null): string {
    const choices = [{ index: 0, delta, logprobs: null, finish_reason: finish }];
    return `data: ${JSON.stringify({ ...this.#head, choices })}\n\n`;
  }
}

const callsOf = (item: OutputItem) => (item.role === undefined ? functionCallsOf(item) : []);

function finishOf(reason: FinishReason | null, hasCalls: boolean): string {
  if (reason === "length" || reason === "content_filter") return reason;
  return hasCalls ? "tool_calls" : "stop";
}

function completionUsage(info: TurnInfo): object {
  const { input_tokens, output_tokens, total_tokens, ...details } = usageOf(info);
  return {
    prompt_tokens: input_tokens,
    completion_tokens: output_tokens,
    total_tokens,
    prompt_tokens_details: { cached_tokens: details.input_tokens_details.cached_tokens, audio_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: details.output_tokens_details.reasoning_tokens },
  };
}
