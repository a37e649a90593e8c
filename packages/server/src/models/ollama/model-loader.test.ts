import { expect, test } from "vitest";
import type { KnownModels } from "./known-models.ts";
import { ModelLoader } from "./model-loader.ts";
import type { NativeApi } from "./native-api.ts";

test("a turn that is cancelled while the server is checked stops the check", async () => {
  const checked = Promise.withResolvers<AbortSignal>();
  const native = {
    load: () => new Promise<never>(() => {}),
    loaded: (signal: AbortSignal) => {
      checked.resolve(signal);
      return new Promise<never>((_, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason as Error));
      });
    },
  };
  const known = { refreshLoaded: async () => {} };
  const loader = new ModelLoader(native as unknown as NativeApi, known as unknown as KnownModels, 1);
  const stop = new AbortController();
  const loading = loader.load("m", () => {}, stop.signal);
  const signal = await checked.promise;
  stop.abort(new Error("cancelled"));
  expect(signal.aborted).toBe(true);
  await expect(loading).rejects.toThrow("cancelled");
});
