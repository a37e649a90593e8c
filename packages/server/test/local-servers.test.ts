import { describe, expect, test } from "vitest";
import { recorded, recordedExchanges } from "./fakes/recorded.ts";
import { startTestServer } from "./test-server.ts";

// What real servers sent, replayed to the whole server. docs/reference/providers.md lists their versions.

const ASKING = { message: "What is my name?", mode: "stateful", provider: "ollama", session_id: "s" };
const RIVERS = [
  [
    "Tell me something about the river Danube.",
    "The Danube rises in the Black Forest and reaches the Black Sea.",
  ],
  ["And the Rhine?", "The Rhine begins in the Swiss Alps and flows through Germany to the North Sea."],
  ["And the Elbe?", "The Elbe comes from the Giant Mountains, passes Dresden, and ends in the North Sea."],
];
const ORDERS = Array.from({ length: 8 }, (_, n) => [
  `{"id":"3f2b9c1e-77aa-4d0e-9a51-0c6e2f1d8b3${n}","sku":"A-1002${n}","qty":3,"price":19.99,"ts":1795734254}`,
  "Noted.",
]);

async function startWithHistory(pairs: readonly (readonly string[])[]) {
  const server = await startTestServer();
  const messages = [["My name is Zoe.", "Hello Zoe."], ...pairs]
    .flat()
    .map((content, n) => ({ role: n % 2 === 0 ? "user" : "assistant", content }));
  await server.inject("POST", "/sessions/s/messages", { messages });
  const ask = async (more: object = {}) =>
    (await server.inject("POST", "/chat", { ...ASKING, ...more })).json();
  const report = async (turnId: string) =>
    (await server.inject("GET", `/sessions/s/turns/${turnId}`)).json().report;
  return { ollama: server.ollama, ask, report };
}
const rivers = (times: number) => Array.from({ length: times }, () => RIVERS).flat();

describe("llama.cpp b11434", () => {
  test("its list shows the window, and its tokenizer counts exactly", async () => {
    const { ollama, ask, report } = await startWithHistory([]);
    ollama.native = false;
    ollama.replay(...recordedExchanges("llama.cpp-b11434-window"), recorded("chat-completions-stream"));
    ollama.replay(recorded("chat-completions-stream"));
    const { turn_id } = await ask();
    // Three messages of five tokens each by the recording, and a system prompt, with four for the borders of each.
    expect(await report(turn_id)).toMatchObject({ context_window: 512, tokens: { counted: 36 } });
  });

  test("behind a gateway that hides the window, a refused turn is run once more with the window of the error", async () => {
    const { ollama, ask, report } = await startWithHistory(rivers(8));
    ollama.native = false;
    const [refusal] = recordedExchanges("llama.cpp-b11434-window").filter(({ status }) => status === 400);
    ollama.replay(refusal ?? recorded("bad-json"), recorded("chat-completions-stream"));
    const { status, turn_id, response } = await ask();
    expect({ status, response }).toEqual({ status: "completed", response: "Your name is Bob." });
    expect(await report(turn_id)).toMatchObject({ context_window: 512, budget: 384 });
    const sent = ollama.turns;
    expect(sent).toHaveLength(2);
  });
});

test("a turn that is run once more for a smaller window keeps of the history what fits there", async () => {
  const { ollama, ask, report } = await startWithHistory(rivers(8));
  ollama.native = false;
  ollama.windowLimit = 400;
  const { turn_id } = await ask();
  expect(ollama.turns).toHaveLength(2);
  const { context_window, budget, parts } = await report(turn_id);
  expect({ context_window, budget }).toEqual({ context_window: 400, budget: 300 });
  const tokensOf = (kind: string) => parts.find((part: { kind: string }) => part.kind === kind)?.tokens ?? 0;
  // A quarter of the budget is kept for what is recalled, and the history has the rest.
  expect(tokensOf("window")).toBeGreaterThan(150);
  expect(tokensOf("recall")).toBeGreaterThan(0);
});

describe("Ollama 0.32.15", () => {
  test("a prompt cut in silence is found by the window that it shows after the call", async () => {
    const { ollama, ask } = await startWithHistory(rivers(8));
    ollama.replay(...recordedExchanges("ollama-0.32-cut-in-unknown-window"));
    expect((await ask()).truncation).toMatchObject({
      reason: "prompt_cut",
      read_tokens: 489,
      context_window: 512,
    });
  });

  test("a prompt whose tokens were underestimated is found by more tokens read than planned", async () => {
    const { ollama, ask } = await startWithHistory(ORDERS);
    ollama.models = { "small:512": { trained: 32_768, set: 512 } };
    ollama.replay(...recordedExchanges("ollama-0.32-cut-in-known-window"));
    expect((await ask({ model: "small:512" })).truncation).toMatchObject({
      reason: "prompt_cut",
      read_tokens: 479,
      context_window: 512,
    });
  });
});

test("Ollama 0.20: an answer that outgrows the window is flagged", async () => {
  const { ollama, ask } = await startWithHistory([]);
  ollama.models = { "endless:512": { trained: 32_768, allocated: 512 } };
  ollama.replay(...recordedExchanges("ollama-0.20-answer-outgrows-window"));
  expect((await ask({ model: "endless:512" })).truncation).toMatchObject({
    reason: "window_outgrown",
    context_window: 512,
  });
});

test.each([
  ["0.20", "Once upon a a mission"],
  ["0.32", "In the heart started the"],
])(
  "Ollama %s: a runner that is killed breaks the answer off, and its text is kept",
  async (version, text) => {
    const { ollama, ask } = await startWithHistory([]);
    ollama.replay(...recordedExchanges(`ollama-${version}-runner-killed`));
    expect(await ask()).toMatchObject({ code: "provider_broke_off", response: text });
  },
);

test("Ollama 0.6.5: shows no window, so what it read of a cut prompt is taken as its window", async () => {
  const { ollama, ask, report } = await startWithHistory(rivers(8));
  ollama.models = { "llama3.2:3b": { trained: 32_768 } };
  const cut = recordedExchanges("ollama-0.32-cut-in-unknown-window").filter(({ request }) =>
    request.startsWith("POST"),
  );
  ollama.replay(...recordedExchanges("ollama-0.6.5-without-window"), ...cut);
  expect((await ask()).truncation).toMatchObject({ reason: "prompt_cut", read_tokens: 489 });
  const { turn_id } = await ask();
  expect((await report(turn_id)).context_window).toBe(489);
});
