import { unstoredTurn } from "@redis-memory-magic/memory/internal";
import { expect, test, vi } from "vitest";
import { AnswerWriter } from "./answer-writer.ts";

const permit = { sent: async () => {}, wrote: () => {}, settle: () => {} };

/** The items of an answer, and what its permit has counted. */
async function itemsOf(write: (out: AnswerWriter) => void) {
  const writer = unstoredTurn();
  let counted = "";
  const wrote = (text: string): void => {
    counted += text;
  };
  const out = new AnswerWriter(writer, { ...permit, wrote });
  write(out);
  out.end();
  await writer.end("completed");
  return { items: writer.feed.items, text: writer.feed.text, counted };
}

test("a plain answer is one message, character for character", async () => {
  const { items, text } = await itemsOf((out) => {
    for (const piece of ["\n", " Hello", " there", " \n"]) out.text(piece);
  });
  expect(items).toEqual([{ role: "assistant", content: "\n Hello there \n" }]);
  expect(text).toBe("\n Hello there \n");
});

test("reasoning, text and calls are items in the order in which they came", async () => {
  const { items, counted } = await itemsOf((out) => {
    out.reasoning("");
    out.reasoning("Hm");
    out.reasoning(".");
    out.text("\n\n");
    out.text("Let me look.");
    out.toolCall({ index: 0, id: "call_1", name: "look", arguments: "" });
    out.toolCall({ index: 0, arguments: '{"a":' });
    out.toolCall({ index: 0, arguments: "1}" });
    out.text("Done.");
  });
  expect(items).toEqual([
    { type: "reasoning", content: "Hm." },
    { role: "assistant", content: "Let me look." },
    {
      type: "function_call",
      content: '{"a":1}',
      toolCalls: [{ id: "call_1", name: "look", arguments: '{"a":1}' }],
    },
    { role: "assistant", content: "Done." },
  ]);
  expect(counted).toBe('Hm.Let me look.{"a":1}Done.');
});

test("messages of phases are items of their own, character for character", async () => {
  const { items, text } = await itemsOf((out) => {
    out.message("commentary");
    out.text("Let me ");
    out.text("look.\n");
    out.message("commentary");
    out.text(" ");
    out.toolCall({ index: 0, id: "a", name: "look", arguments: "{}" });
    out.message("final_answer");
    out.text("\n");
    out.text("Done.");
    out.message(undefined);
    out.text("Bye.");
  });
  expect(items).toEqual([
    { role: "assistant", content: "Let me look.\n", metadata: { phase: "commentary" } },
    { type: "function_call", content: "{}", toolCalls: [{ id: "a", name: "look", arguments: "{}" }] },
    { role: "assistant", content: "\nDone.", metadata: { phase: "final_answer" } },
    { role: "assistant", content: "Bye." },
  ]);
  expect(text).toBe("Let me look.\n\n\n\nDone.\n\nBye.");
});

test("messages without a phase stay apart behind one that has a phase", async () => {
  const { items, text } = await itemsOf((out) => {
    for (const [phase, said] of [
      ["commentary", "One."],
      [undefined, "Two."],
      [undefined, "Three."],
    ] as const) {
      out.message(phase);
      out.text(said);
    }
  });
  expect(items).toEqual([
    { role: "assistant", content: "One.", metadata: { phase: "commentary" } },
    { role: "assistant", content: "Two." },
    { role: "assistant", content: "Three." },
  ]);
  expect(text).toBe("One.\n\nTwo.\n\nThree.");
});

test("parallel calls whose pieces come mixed are kept apart", async () => {
  const { items } = await itemsOf((out) => {
    out.toolCall({ index: 0, id: "a", name: "one", arguments: "[" });
    out.toolCall({ index: 1, id: "b", name: "two", arguments: "{" });
    out.toolCall({ index: 0, arguments: "]" });
    out.toolCall({ index: 1, arguments: "}" });
  });
  expect(items.map(({ toolCalls }) => toolCalls?.[0])).toEqual([
    { id: "a", name: "one", arguments: "[]" },
    { id: "b", name: "two", arguments: "{}" },
  ]);
});

test("a call whose name never comes is written at the end", async () => {
  const { items } = await itemsOf((out) => {
    out.text("Let me look.");
    out.toolCall({ index: 0, id: "a", arguments: "{}" });
  });
  expect(items.map(({ toolCalls }) => toolCalls?.[0])).toEqual([
    undefined,
    { id: "a", name: "unnamed", arguments: "{}" },
  ]);
});

test("calls without ids, and with the same, get their own", async () => {
  const { items } = await itemsOf((out) => {
    for (const index of [0, 1, 2])
      out.toolCall({ index, name: "now", arguments: "{}", ...(index > 0 && { id: "call_0" }) });
  });
  const ids = items.map(({ toolCalls }) => toolCalls?.[0]?.id);
  expect(ids).toContain("call_0");
  expect(new Set(ids).size).toBe(3);
});

test("calls that wait are counted as items, and are written at the end after too many were refused", async () => {
  const { items } = await itemsOf((out) => {
    const call = (index: number) => out.toolCall({ index, name: "now", arguments: "{}" });
    for (let index = 0; index < 500; index++) call(index);
    expect(() => call(500)).toThrow("more than 500 items");
  });
  expect(items).toHaveLength(500);
});

test("a call's name and id can have half a surrogate pair", async () => {
  const { items } = await itemsOf((out) => {
    out.toolCall({ index: 0, id: "a", name: "one", arguments: "{}" });
    out.toolCall({ index: 1, id: "b\ud83d", name: "two\ud83d", arguments: "{}" });
  });
  expect(items[1]?.toolCalls).toEqual([{ id: "b\ufffd", name: "two\ufffd", arguments: "{}" }]);
});

test("the end does nothing after a call could not be written", async () => {
  const writer = unstoredTurn();
  const startItem = writer.startItem.bind(writer);
  vi.spyOn(writer, "startItem").mockImplementation((item) => {
    if ("toolCall" in item && item.toolCall?.name === "three") throw new TypeError("a bad name");
    startItem(item);
  });
  const out = new AnswerWriter(writer, permit);
  for (const [index, name] of ["one", "two", "three"].entries())
    out.toolCall({ index, name, arguments: "{}" });
  expect(() => out.text("Done.")).toThrow("a bad name");
  out.end();
  await writer.end("failed");
  expect(writer.feed.items.map(({ toolCalls }) => toolCalls?.[0]?.name)).toEqual(["one", "two"]);
});
