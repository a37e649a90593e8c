import { randomBytes } from "node:crypto";
import type { ChatRequest } from "./ollama.ts";
import type { Scenario } from "./scenario.ts";

/** What is read of a message here: the types of OpenAI's API do not have the fields that this is about. */
interface LoopMessage {
  readonly role: string;
  readonly tool_calls?: readonly GeminiCall[];
}

export interface GeminiCall {
  readonly id: string;
  readonly type: "function";
  readonly function: { readonly name: string; readonly arguments: string };
  readonly extra_content?: { readonly google?: { readonly thought_signature?: string } };
}

/** What Google documents for calls that Gemini did not make. */
const SKIP = "skip_thought_signature_validator";

const chunk = (delta: object, finish_reason: string | null = null): string =>
  `data: ${JSON.stringify({ object: "chat.completion.chunk", choices: [{ index: 0, delta, finish_reason }] })}\n\n`;

/**
 * Gemini 3 at its OpenAI-compatible API (https://ai.google.dev/gemini-api/docs/thought-signatures): each call comes
 * whole and without an index, and the first of an answer's calls has a signature. In the current turn, a first call
 * without its signature is refused.
 */
export class GeminiLoop {
  /** The signatures that were given out, by the id of their call. */
  readonly signatures = new Map<string, string>();

  /** An answer that calls these functions. */
  callsOf(...names: string[]): Scenario {
    const calls = names.map((name, n) => this.#call(name, n === 0));
    const packets = calls.map((call) => chunk({ role: "assistant", tool_calls: [call] }));
    return { packets: [...packets, chunk({ role: "assistant" }, "stop"), "data: [DONE]\n\n"] };
  }

  readonly refuses = ({ messages }: ChatRequest): Scenario["fail"] => {
    const all = messages as readonly LoopMessage[];
    const turn = all.slice(all.findLastIndex(({ role }) => role === "user"));
    for (const { tool_calls: calls = [] } of turn) {
      const [first] = calls;
      if (first !== undefined && signatureOf(first) === undefined)
        return refusal(
          "Function call is missing a thought_signature in functionCall parts. This is required for tools to work " +
            "correctly, and missing thought_signature may lead to degraded model performance. Additional data, " +
            `function call \`default_api:${first.function.name}\` , position 2. Please refer to ` +
            "https://ai.google.dev/gemini-api/docs/thought-signatures for more details.",
        );
      const isWrong = (call: GeminiCall): boolean => {
        const signature = signatureOf(call) ?? SKIP;
        return signature !== SKIP && signature !== this.signatures.get(call.id);
      };
      if (calls.some(isWrong)) return refusal("Corrupted thought signature.");
    }
    return undefined;
  };

  #call(name: string, isFirst: boolean): GeminiCall {
    const id = randomBytes(4).toString("hex");
    const signature = randomBytes(300).toString("base64");
    if (isFirst) this.signatures.set(id, signature);
    return {
      ...(isFirst && { extra_content: { google: { thought_signature: signature } } }),
      function: { name, arguments: "{}" },
      id,
      type: "function",
    };
  }
}

export const signatureOf = ({ extra_content }: GeminiCall): string | undefined =>
  extra_content?.google?.thought_signature;

/** As Gemini's compatible API sends its errors: in a list. */
const refusal = (message: string): Scenario["fail"] => ({
  status: 400,
  body: [{ error: { code: 400, message, status: "INVALID_ARGUMENT" } }],
});

/**
 * DeepSeek's thinking mode (https://api-docs.deepseek.com/guides/thinking_mode): a request with `tools` is refused
 * unless each answer in it has its `reasoning_content`, which may be empty.
 */
export const deepSeekRefuses = ({ messages, tools }: ChatRequest): Scenario["fail"] => {
  const isBare = (message: ChatRequest["messages"][number]): boolean =>
    message.role === "assistant" && typeof reasoningOf(message) !== "string";
  if (tools === undefined || !messages.some(isBare)) return undefined;
  const message = "The `reasoning_content` in the thinking mode must be passed back to the API.";
  const name = "invalid_request_error";
  return { status: 400, body: { error: { message, type: name, param: null, code: name } } };
};

export const reasoningOf = (message: object): unknown =>
  (message as { readonly reasoning_content?: unknown }).reasoning_content;

/** An answer of DeepSeek's: what it thinks, its text, and a call in pieces. */
export function deepSeekAnswer(thought: string, text: string, call?: string): Scenario {
  const called = { index: 0, id: call, type: "function", function: { name: "now", arguments: "" } };
  const packets = [
    chunk({ role: "assistant", content: null, reasoning_content: "" }),
    ...(thought.match(/.{1,500}/gs) ?? []).map((piece) => chunk({ content: null, reasoning_content: piece })),
    ...(text === "" ? [] : [chunk({ content: text, reasoning_content: null })]),
    ...(call === undefined
      ? []
      : [
          chunk({ tool_calls: [called] }),
          chunk({ tool_calls: [{ index: 0, function: { arguments: "{}" } }] }),
        ]),
    chunk({ content: "", reasoning_content: null }, call === undefined ? "stop" : "tool_calls"),
    "data: [DONE]\n\n",
  ];
  return { packets };
}
