import { expect, test } from "vitest";
import { ReasoningTags, withoutReasoning } from "./reasoning-tags.ts";

/** What is separated of an answer that comes in these pieces. */
function separate(pieces: Iterable<string>): { text: string; reasoning: string } {
  const output = { text: "", reasoning: "" };
  const tags = new ReasoningTags({
    text: (piece) => {
      output.text += piece;
    },
    reasoning: (piece) => {
      output.reasoning += piece;
    },
  });
  for (const piece of pieces) tags.push(piece);
  tags.end();
  return output;
}

test.each([
  ["<think>Hm</think>\n\nHello", "Hello", "Hm"],
  [
    "<|begin_of_thought|>Hm<|end_of_thought|>\n\n<|begin_of_solution|>\nHello, 1 < 2<|end_of_solution|>",
    "Hello, 1 < 2",
    "Hm",
  ],
  ["<|begin_of_solution|>Hello<|end_of_solution|>", "Hello", ""],
  ["<|begin_of_solution|>Hello<|end_of_", "Hello<|end_of_", ""],
  ["<|begin_of_solution|>Hello", "Hello", ""],
  ["The mark <|end_of_solution|> ends it.", "The mark <|end_of_solution|> ends it.", ""],
  ["<think>İzmir, İstanbul</THINK>Merhaba, İzmir", "Merhaba, İzmir", "İzmir, İstanbul"],
  ["<reason>late</reason><result>no</result>", "<reason>late</reason><result>no</result>", ""],
])("%j has the text %j and the reasoning %j, however it is cut", (answer, text, reasoning) => {
  expect(separate([answer])).toEqual({ text, reasoning });
  expect(separate(answer)).toEqual({ text, reasoning });
  expect(withoutReasoning(answer)).toBe(text);
});

test.each([
  ["\n [THINK]Hm[/THINK]\nHello", "Hello"],
  ["[Think]Hm[/think]Hello", "Hello"],
  ["◁think▷Hm◁/think▷Hello", "Hello"],
  ["<|start|>assistant<|channel|>final<|message|>Hello", "Hello"],
  ["<|channel>Hm<channel|>Hello", "Hello"],
  ["Hm\n</Think>\nHello", "Hello"],
  ["\nI think [1] that 1 < 2\n", "\nI think [1] that 1 < 2\n"],
  [" \n ", " \n "],
  ["I thought of <think>this</think>, in one line", "I thought of <think>this</think>, in one line"],
])("%j without its reasoning is %j", (answer, text) => {
  expect(withoutReasoning(answer)).toBe(text);
});
