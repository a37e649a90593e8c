import { expect, test } from "vitest";
import { within } from "../../test/within.ts";
import type { ChatModel } from "../chat/chat-model.ts";
import { Providers } from "../chat/providers.ts";
import { ModelNames } from "./model-names.ts";

const provider = (id: ChatModel["id"], availability: ChatModel["availability"]): ChatModel => ({
  id,
  name: id,
  defaultModel: id,
  settings: [],
  lacks: [],
  availability,
  generate: async () => ({ usage: null, finishReason: "complete" }),
  wireRequest: () => null,
  close: async () => {},
});

test("a provider that does not answer does not hold up a model of another one", async () => {
  const silent = provider("ollama", () => new Promise(() => {}));
  const models = [{ id: "mirror", context_window: null, price: null }];
  const mirror = provider("mirror", async () => ({ available: true, models }));
  const providers = new Providers([silent, mirror]);
  await providers.availability(mirror);
  const found = new ModelNames(providers, new Map()).resolve("mirror");
  expect(await within(5000, found)).toEqual({ provider: "mirror", model: "mirror" });
});
