import type { ContextReport } from "@redis-memory-magic/protocol";
import { expect, test } from "vitest";
import { missingIn } from "./only-with-memory.ts";

type Sent = ContextReport["messages"][number];

const sent = (text: string): Sent[] =>
  text.split(", ").map((it) => {
    const [role, content = ""] = it.split(": ");
    return { role: role as Sent["role"], content, tokens: 1, message_id: null };
  });

test("marks what only one payload has", () => {
  const withMemory = sent("system: Be short., user: I am Bob, assistant: Hi Bob, user: Who am I?");
  const without = sent("system: Be short., user: Who am I?");
  expect(missingIn(withMemory, without)).toEqual([false, true, true, false]);
  expect(missingIn(without, withMemory)).toEqual([false, false]);
});

test("takes the last of two equal messages for the question", () => {
  const withMemory = sent("user: Who am I?, assistant: I do not know., user: Who am I?");
  expect(missingIn(withMemory, sent("user: Who am I?"))).toEqual([true, true, false]);
});
