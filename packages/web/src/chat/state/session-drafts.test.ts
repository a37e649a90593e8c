import { afterEach, expect, test, vi } from "vitest";
import { readDraft, writeDraft } from "./session-drafts.ts";

afterEach(() => vi.unstubAllGlobals());

function storage(value: string) {
  const kept = new Map([["memory-magic:drafts", value]]);
  vi.stubGlobal("localStorage", {
    getItem: (name: string) => kept.get(name) ?? null,
    setItem: (name: string, next: string) => void kept.set(name, next),
    removeItem: (name: string) => void kept.delete(name),
  });
}

test.each(["[1]", "[null]", '[["s"]]', '[["s",{"text":5}]]', '[["s",{"settings":null}]]', "{}", "no JSON"])(
  "starts with an empty draft where the browser has kept %s",
  (value) => {
    storage(value);
    expect(readDraft("s")).toEqual({});
    writeDraft("s", { text: "Hello" });
    expect(readDraft("s")).toEqual({ text: "Hello" });
  },
);
