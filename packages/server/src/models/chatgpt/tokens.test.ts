import { randomBytes } from "node:crypto";
import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, test } from "vitest";
import { countTokens } from "./tokens.ts";

test.each([
  // Counted by OpenAI's own tokenizer, tiktoken.
  ["", 0],
  ["hello world", 2],
  ["What's my name?", 4],
  ["My name is Bob. I love pizza, don't I?", 12],
  ["Grüße, שלום!\n\n\tx = 12345;", 12],
  ["世界", 1],
  ["👩‍👩‍👧‍👦", 11],
  // What looks like a control token is text.
  ["<|endoftext|>", 7],
])("counts %j as OpenAI does", async (text, tokens) => {
  expect(await countTokens([text])).toEqual([tokens]);
});

test("counts at once when the encoding is loaded", async () => {
  await countTokens([""]);
  expect(countTokens(["hello world"])).toEqual([2]);
});

test("counts a long text like its parts", async () => {
  const sentence = "The quick brown fox jumps over the lazy dog. ";
  const [one = 0, many = 0] = await countTokens([sentence, sentence.repeat(500)]);
  // The sentence's space at its end goes to the next one's first word.
  expect(many).toBe((one - 1) * 500 + 1);
});

test.each([
  ["a", "a".repeat(100_000)],
  ["spaces", " ".repeat(100_000)],
  ["lines", "\n".repeat(100_000)],
  ["emoji", "👋".repeat(50_000)],
  [
    "letters",
    Array.from({ length: 100_000 }, (_, index) => String.fromCharCode(97 + ((index * index) % 26))).join(""),
  ],
])("is not slowed down by a hundred thousand %s", async (_, text) => {
  await countTokens([""]);
  const [tokens = 0] = await countTokens([text]);
  expect(tokens).toBeGreaterThan(0);
});

test("others have their turn while much is counted", async () => {
  await countTokens([""]);
  const texts = Array.from({ length: 4 }, () => randomBytes(75_000).toString("base64"));
  let [turns, over] = [0, false];
  const others = async () => {
    while (!over) {
      await nextTurn();
      turns++;
    }
  };
  const waiting = others();
  const together = await countTokens(texts);
  over = true;
  await waiting;
  expect(turns).toBeGreaterThan(texts.length);
  expect(await countTokens(texts.slice(1, 2))).toEqual(together.slice(1, 2));
});
