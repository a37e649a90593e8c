/** How a fake provider answers one request. Times in milliseconds; `…After` counts pieces of the answer. */
export interface Scenario {
  /** The answer, in the pieces that it is sent in. Default: an echo of all that the user said, word by word. */
  readonly pieces?: readonly string[];
  /** Instead of `pieces`: an answer of this many words. */
  readonly words?: number;
  /** A message before all else, of the phase `commentary`; that of `pieces` is then the `final_answer`. */
  readonly commentary?: string;
  /** What the model thinks before it answers, in pieces. */
  readonly reasoning?: readonly string[];
  /** Functions that the model calls after its text, each with the pieces of its arguments. */
  readonly toolCalls?: readonly FakeToolCall[];
  /** Instead of `pieces`: the model refuses in these words. */
  readonly refusal?: readonly string[];
  /** Before anything is sent. */
  readonly initialDelayMs?: number;
  /** Between two pieces; 0: the whole answer at once. */
  readonly delayMs?: number;
  /** Default: a token for each four characters that came, and for each piece that goes. */
  readonly usage?: { readonly input: number; readonly cached?: number; readonly output: number };
  readonly finish?: "stop" | "length" | "content_filter";
  /** An error instead of an answer. */
  readonly fail?: {
    readonly status: number;
    readonly body: unknown;
    readonly headers?: Readonly<Record<string, string>>;
  };
  /** Nothing more is sent until the test calls `resume`. */
  readonly pausedAfter?: number;
  /** The connection is cut. */
  readonly cutAfter?: number;
  /** Nothing more is sent, and the connection stays open. */
  readonly silentAfter?: number;
  /** Something that is no JSON is sent. */
  readonly malformedAfter?: number;
  /** The stream says that the provider failed. */
  readonly errorAfter?: number;
  /** `stream: true` is refused, as OpenAI does to organisations that it has not verified. */
  readonly refuseStreaming?: boolean;
  /** Each byte is a packet. */
  readonly byteByByte?: boolean;
  /** The body, exactly, in the packets that it is sent in: for streams of another form. */
  readonly packets?: readonly (string | Uint8Array)[] | AsyncIterable<string>;
}

export interface FakeToolCall {
  readonly id: string;
  readonly name: string;
  readonly arguments: readonly string[];
}

export interface FakeMessage {
  readonly role: string;
  readonly content: string;
}

/** Scenarios by the name of the model asked for: for use from outside the process. */
export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  "fake-echo": {},
  "fake-slow": { words: 60, initialDelayMs: 200, delayMs: 50 },
  "fake-long": { words: 2000, delayMs: 1 },
  "fake-reasoning": { reasoning: ["Let me ", "think."], delayMs: 20 },
  "fake-tools": {
    reasoning: ["I need ", "the weather."],
    pieces: ["Let me ", "look."],
    toolCalls: [
      { id: "call_rome", name: "weather", arguments: ['{"city":', '"Rome"}'] },
      { id: "call_oslo", name: "weather", arguments: ['{"city":"Oslo"}'] },
    ],
    delayMs: 5,
  },
  "fake-calls-only": { pieces: [], toolCalls: [{ id: "call_now", name: "now", arguments: ["{}"] }] },
  "fake-refusal": { refusal: ["I can't ", "help with that."] },
  "fake-bytes": { byteByByte: true },
  "fake-length": { words: 8, finish: "length" },
  "fake-filtered": { words: 2, finish: "content_filter" },
  "fake-truncating": { usage: { input: 7, output: 3 } },
  "fake-no-stream": { refuseStreaming: true },
  "fake-cut": { words: 10, delayMs: 5, cutAfter: 3 },
  "fake-silent": { silentAfter: 0 },
  "fake-stalled": { words: 10, silentAfter: 3 },
  "fake-malformed": { words: 10, malformedAfter: 3 },
  "fake-error": { words: 10, errorAfter: 3 },
};

/**
 * What a request asks for: by its last message if that is `fake {…}` with a scenario in JSON, else by its
 * model's name, else what the test has set.
 */
export function chooseScenario(
  model: string,
  messages: readonly FakeMessage[],
  named: Readonly<Record<string, Scenario>>,
  otherwise: Scenario,
): Scenario {
  const directive = /^fake (\{.*\})$/s.exec(messages.at(-1)?.content ?? "")?.[1];
  if (directive !== undefined) return JSON.parse(directive) as Scenario;
  return named[model] ?? SCENARIOS[model] ?? otherwise;
}

export function piecesOf(scenario: Scenario, messages: readonly FakeMessage[]): readonly string[] {
  if (scenario.refusal !== undefined) return scenario.refusal;
  if (scenario.pieces !== undefined) return scenario.pieces;
  if (scenario.words !== undefined)
    return Array.from({ length: scenario.words }, (_, index) =>
      index === 0 ? "word 1" : ` word ${index + 1}`,
    );
  const said = messages.filter((message) => message.role === "user").map((message) => message.content);
  return said.join(" | ").match(/\s*\S+|\s+$/g) ?? [""];
}

export function usageOf(scenario: Scenario, messages: readonly FakeMessage[], pieces: readonly string[]) {
  if (scenario.usage !== undefined) return { cached: 0, ...scenario.usage };
  const characters = messages.reduce((sum, message) => sum + message.content.length, 0);
  return { input: Math.ceil(characters / 4), cached: 0, output: pieces.length };
}
