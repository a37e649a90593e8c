import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type HistoryMessage, normalizePrompt } from "./normalize-prompt.ts";

const m = (role: HistoryMessage["role"], content: string): HistoryMessage => ({ role, content });
const shapeOf = (system: string, ...history: HistoryMessage[]) => {
  const { messages, changes, ...prompt } = normalizePrompt(system, history);
  return { ...prompt, messages: messages.map(({ role, content }) => `${role}: ${content}`), changes };
};

describe("a prompt", () => {
  test("of a regular history is the history", () => {
    const history = [m("user", "Hi"), m("assistant", "Hello"), m("user", "Who am I?")];
    expect(shapeOf("Be brief.", ...history)).toEqual({
      system: "Be brief.",
      messages: ["user: Hi", "assistant: Hello", "user: Who am I?"],
      changes: [],
    });
  });

  test("joins a question that was never answered with the next one", () => {
    expect(shapeOf("", m("user", "First"), m("user", "Second"))).toEqual({
      system: "",
      messages: ["user: First\n\nSecond"],
      changes: [{ change: "joined", messages: 1 }],
    });
  });

  test("leaves out an answer without text, and joins the questions around it", () => {
    expect(shapeOf("", m("user", "One"), m("assistant", " \n"), m("user", "Two")).messages).toEqual([
      "user: One\n\nTwo",
    ]);
  });

  test("has one system prompt, with those of the history", () => {
    const { system, messages } = shapeOf(
      "A",
      m("user", "Hi"),
      m("system", "B"),
      m("developer", "C"),
      m("user", "Ho"),
    );
    expect(system).toBe("A\n\nB\n\nC");
    expect(messages).toEqual(["user: Hi\n\nHo"]);
  });

  test("begins with the user: an answer before the first question is quoted", () => {
    expect(shapeOf("", m("assistant", "Welcome, Zoe."), m("user", "Who am I?"))).toMatchObject({
      messages: ["user: You said before:\nWelcome, Zoe.\n\nWho am I?"],
      changes: [
        { change: "quoted", messages: 1 },
        { change: "joined", messages: 1 },
      ],
    });
  });

  test("gives a tool's result as something that the model is told", () => {
    expect(
      shapeOf(
        "",
        m("user", "Weather?"),
        m("assistant", "Let me look."),
        m("tool", "blue"),
        m("user", "Well?"),
      ).messages,
    ).toEqual(["user: Weather?", "assistant: Let me look.", "user: Result of a tool:\nblue\n\nWell?"]);
  });

  test.each([
    ["with both tags", "<think>\nHe says hi.\n</think>\n\nHello!", "Hello!"],
    ["that the template opened", "He says hi.\n</think>\n\nHello!", "Hello!"],
    ["in another model's tags", "[THINK]Hm[/THINK]Hello!", "Hello!"],
    ["that an answer writes about", "Write <think> before it.", "Write <think> before it."],
    ["in an example", "```\n<think>a\n</think>\n```\nSee?", "```\n<think>a\n</think>\n```\nSee?"],
  ])("is sent no reasoning %s", (_, content, sent) => {
    const { messages } = normalizePrompt("", [m("user", "Hi"), m("assistant", content), m("user", "And?")]);
    expect(messages[1]?.content).toBe(sent);
  });
});

test("every history makes a prompt that strict chat templates accept, and loses no question", () => {
  const role = fc.constantFrom("system", "developer", "user", "assistant", "tool") as fc.Arbitrary<
    HistoryMessage["role"]
  >;
  const message = fc.record({
    role,
    content: fc.constantFrom("", " ", "one", "two\nlines", "<think>x</think>y"),
  });
  fc.assert(
    fc.property(fc.array(message), fc.string(), (history, system) => {
      const current = m("user", "now");
      const { messages } = normalizePrompt(system, [...history, current]);
      expect(messages.map((sent) => sent.role)).toEqual(
        messages.map((_, n) => (n % 2 === 0 ? "user" : "assistant")),
      );
      expect(messages.at(-1)?.role).toBe("user");
      for (const { content } of messages) expect(content.trim()).not.toBe("");
      const sources = messages.flatMap((sent) => sent.sources);
      for (const [n, { role, content }] of history.entries())
        if (role === "user" && content.trim() !== "") expect(sources).toContain(n);
    }),
  );
});
