import type { Item, Message, Role } from "@redis-memory-magic/memory";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ContextItem } from "./context-item.ts";
import { normalizePrompt } from "./normalize-prompt.ts";

const createdAt = new Date(0);
const m = (role: Role, content: string): Message => ({ id: "", role, content, createdAt });
const line = (item: ContextItem): string =>
  item.type === undefined
    ? `${item.role}: ${item.content}`
    : `${item.type} ${item.callId}: ${item.type === "function_call" ? item.arguments : item.content}`;
const shapeOf = (system: string, ...history: Item[]) => {
  const { items, changes, ...prompt } = normalizePrompt(system, history);
  return { ...prompt, messages: items.map(line), changes };
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

  test("sends a tool's result as text of the user", () => {
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
    const { messages } = shapeOf("", m("user", "Hi"), m("assistant", content), m("user", "And?"));
    expect(messages[1]).toBe(`assistant: ${sent}`);
  });
});

test("every history makes a prompt that strict chat templates accept, and loses no question", () => {
  const role = fc.constantFrom<Role>("system", "developer", "user", "assistant", "tool");
  const content = fc.constantFrom("", " ", "one", "two\nlines", "<think>x</think>y");
  const message = fc.tuple(role, content).map(([role, content]) => m(role, content));
  fc.assert(
    fc.property(fc.array(message), fc.string(), (history, system) => {
      const current = m("user", "now");
      const { items } = normalizePrompt(system, [...history, current]);
      const messages = items.filter((item) => item.type === undefined);
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
