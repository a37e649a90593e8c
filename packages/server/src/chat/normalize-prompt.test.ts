import type { Item, Message, Role } from "@redis-memory-magic/memory";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type ContextItem, joinAnswers } from "./context-item.ts";
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

  test("keeps answers apart that have a phase", () => {
    const said = (content: string, phase?: string) =>
      phase === undefined ? m("assistant", content) : { ...m("assistant", content), metadata: { phase } };
    const { items, changes } = normalizePrompt("", [
      ...[m("user", "Hi"), said("Let me see.", "commentary"), said("And now.", "commentary")],
      ...[said("Hello", "final_answer"), said("One"), said("Two"), said("Three", "unknown")],
    ]);
    expect(items.map(({ sources: _, ...item }) => item)).toEqual([
      { role: "user", content: "Hi" },
      { role: "assistant", content: "Let me see.", phase: "commentary" },
      { role: "assistant", content: "And now.", phase: "commentary" },
      { role: "assistant", content: "Hello", phase: "final_answer" },
      { role: "assistant", content: "One\n\nTwo\n\nThree" },
    ]);
    expect(changes).toEqual([{ change: "joined", messages: 2 }]);
    expect(joinAnswers(items).slice(1)).toMatchObject([
      { content: "Let me see.\n\nAnd now.\n\nHello\n\nOne\n\nTwo\n\nThree" },
    ]);
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

const call = (id: string, args = "{}"): Item => ({
  id: "",
  type: "function_call",
  content: args,
  toolCalls: [{ id, name: "look", arguments: args }],
  createdAt,
});
const output = (id: string, content: string, parts?: Item["parts"]): Item => ({
  id: "",
  type: "function_call_output",
  toolCallId: id,
  content,
  createdAt,
  ...(parts && { parts }),
});
const reasoning = (content: string): Item => ({ id: "", type: "reasoning", content, createdAt });
const IMAGE = { type: "input_image", blob: `sha256-${"a".repeat(43)}`, width: 64, height: 32 };
const withImage = (content: string): Message => ({
  ...m("user", content),
  parts: [{ type: "input_text", text: content }, IMAGE],
});

describe("a prompt of items", () => {
  test("has calls with their outputs, and not what was thought", () => {
    const history = [
      m("user", "Where?"),
      reasoning("Hm."),
      call("1"),
      call("2"),
      output("1", "A"),
      output("2", "B"),
    ];
    expect(shapeOf("", ...history)).toMatchObject({
      messages: [
        "user: Where?",
        "function_call 1: {}",
        "function_call 2: {}",
        "function_call_output 1: A",
        "function_call_output 2: B",
      ],
      changes: [{ change: "reasoning_removed", messages: 1 }],
    });
  });

  test("reads calls in the form of messages", () => {
    const asks = {
      ...m("assistant", "Let me look."),
      toolCalls: [{ id: "1", name: "look", arguments: "{}" }],
    };
    const history = [
      m("user", "Where?"),
      asks,
      { ...m("tool", "A"), toolCallId: "1" },
      m("assistant", "There."),
    ];
    expect(shapeOf("", ...history).messages).toEqual([
      "user: Where?",
      "assistant: Let me look.",
      "function_call 1: {}",
      "function_call_output 1: A",
      "assistant: There.",
    ]);
  });

  test("leaves out a call without its output, and goes on", () => {
    expect(shapeOf("", m("user", "Where?"), call("1"), m("user", "Well?"))).toMatchObject({
      messages: ["user: Where?\n\nWell?"],
      changes: [
        { change: "call_left_out", messages: 1 },
        { change: "joined", messages: 1 },
      ],
    });
  });

  test("has calls as text for a model without tools", () => {
    const { items, changes } = normalizePrompt(
      "",
      [m("user", "Where?"), call("1"), output("1", "A")],
      ["tools"],
    );
    expect(items.map(line)).toEqual([
      "user: Where?",
      "assistant: I called the tool look with {}",
      "user: Result of a tool:\nA",
    ]);
    expect(changes).toEqual([{ change: "tools_as_text", messages: 2 }]);
  });

  test("has images for a model that sees, joined with the text around them, and notes for one that does not", () => {
    const history = [withImage("What is this?"), m("user", "Well?")];
    const image = { type: "image", url: `blob:${IMAGE.blob}`, width: 64, height: 32 };
    expect(normalizePrompt("", history).items).toMatchObject([
      {
        content: "What is this?\n\nWell?",
        parts: [{ type: "text", text: "What is this?" }, image, { type: "text", text: "Well?" }],
        sources: [0, 1],
      },
    ]);
    const { items, changes } = normalizePrompt("", history, ["images"]);
    expect(items.map(line)).toEqual([
      "user: What is this?\n\n(An image was here, which this model cannot read.)\n\nWell?",
    ]);
    expect(changes).toContainEqual({ change: "images_left_out", messages: 1 });
  });

  test.each(["", " "])("has an empty object for the arguments %j", (args) => {
    const history = [m("user", "Where?"), call("1", args), output("1", "A")];
    for (const lacks of [[], ["loose_arguments"]] as const)
      expect(normalizePrompt("", history, lacks).items[1]).toMatchObject({ callId: "1", arguments: "{}" });
  });

  test.each(["[1]", '{"at":'])(
    "has a call with the arguments %j as text where the API refuses it",
    (args) => {
      const history = [m("user", "Where?"), call("1", args), output("1", "A"), call("2"), output("2", "B")];
      expect(normalizePrompt("", history, ["loose_arguments"])).toMatchObject({
        items: [
          { content: "Where?" },
          { role: "assistant", content: `I called the tool look with ${args}` },
          { role: "user", content: "Result of a tool:\nA" },
          { callId: "2", arguments: "{}" },
          { callId: "2", content: "B" },
        ],
        changes: [{ change: "tools_as_text", messages: 2 }],
      });
    },
  );

  test("replaces images in outputs where the API has no place for them", () => {
    const history = [m("user", "Where?"), call("1"), output("1", "", [IMAGE])];
    expect(normalizePrompt("", history, ["output_images"])).toMatchObject({
      items: [{}, {}, { content: "(An image was here, which this model cannot read.)" }],
      changes: [{ change: "images_left_out", messages: 1 }],
    });
  });

  test("leaves out items and parts of unknown kinds, and says so", () => {
    const history: Item[] = [
      m("user", "Hi"),
      { id: "", type: "web_search_call", content: "", createdAt },
      { ...m("user", "And?"), parts: [{ type: "input_text", text: "And?" }, { type: "input_audio" }] },
    ];
    expect(shapeOf("", ...history)).toMatchObject({
      messages: ["user: Hi\n\nAnd?"],
      changes: [
        { change: "unknown_left_out", messages: 2 },
        { change: "joined", messages: 1 },
      ],
    });
  });

  test("of any items is one that every API takes, and what was left out is listed", () => {
    const callId = fc.constantFrom("1", "2", "3");
    const item = fc.oneof(
      fc.constantFrom(
        m("user", "u"),
        m("assistant", "a"),
        m("system", "s"),
        m("tool", "t"),
        reasoning("r"),
        withImage("i"),
      ),
      callId.map((id) => call(id)),
      callId.map((id) => output(id, "o", [IMAGE])),
    );
    const lacks = fc.subarray(["images", "files", "tools", "output_images"] as const);
    fc.assert(
      fc.property(fc.array(item), lacks, (drawn, lacks) => {
        // Items are compared by identity, and the same constant may be drawn twice.
        const history = drawn.map((item) => ({ ...item }));
        const { items, changes } = normalizePrompt("", [...history, m("user", "now")], lacks);
        expect(items[0]).toMatchObject({ role: "user" });
        let open: string[] = [];
        for (const [n, item] of items.entries()) {
          const before = items[n - 1];
          if (item.type === "function_call") open.push(item.callId);
          else if (item.type === "function_call_output") {
            expect(open).toContain(item.callId);
            open = open.filter((id) => id !== item.callId);
          } else {
            expect(open).toEqual([]);
            expect(before?.type === undefined ? before?.role : undefined).not.toBe(item.role);
          }
          if (lacks.includes("tools")) expect(item.type).toBeUndefined();
          if (lacks.includes("images")) expect(JSON.stringify(item)).not.toContain('"image"');
        }
        expect(open).toEqual([]);
        const sources = new Set(items.flatMap((sent) => sent.sources));
        const missing = history.filter((item, n) => item.role !== "system" && !sources.has(n)).length;
        const leftOut = changes.filter(({ change }) => /removed|left_out/.test(change));
        expect(leftOut.reduce((sum, { messages }) => sum + messages, 0)).toBeGreaterThanOrEqual(missing);
      }),
    );
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
