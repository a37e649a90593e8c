import { modelInfo as schema } from "@redis-memory-magic/protocol";
import { expect, test } from "vitest";
import { KNOWN_MODELS, modelInfo, PRICES_AS_OF } from "./models.ts";

test("knows windows and prices", () => {
  expect(modelInfo("gpt-4o-mini")).toEqual({
    id: "gpt-4o-mini",
    context_window: 128_000,
    price: { input: 0.15, cached_input: 0.075, output: 0.6, as_of: PRICES_AS_OF },
    capabilities: { images: true, tools: true, reasoning: false },
  });
});

test("knows a dated snapshot by the model that it is one of", () => {
  expect(modelInfo("gpt-4o-2024-08-06")).toEqual({ ...modelInfo("gpt-4o"), id: "gpt-4o-2024-08-06" });
});

test.each(["gpt-99", "constructor", "gpt-4o-mini-tts", ""])("claims to know nothing of %j", (id) => {
  expect(modelInfo(id)).toEqual({ id, context_window: null, price: null });
});

test("every entry is one that the wire takes, cached input never dearer than input", () => {
  for (const id of KNOWN_MODELS) {
    const { price } = schema.parse(modelInfo(id));
    expect(price?.cached_input).toBeLessThan(price?.input ?? 0);
    expect(price?.input).toBeLessThan(price?.output ?? 0);
  }
  expect(new Date(PRICES_AS_OF).toISOString()).toContain(PRICES_AS_OF);
});
