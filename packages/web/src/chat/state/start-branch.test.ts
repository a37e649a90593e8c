import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Choice } from "./choice.ts";
import { startBranch } from "./start-branch.ts";

const message = { id: "e-2", content: "Now?", attachments: [] };
const choice: Choice = { mode: "stateful", provider: "mirror" };
let asked: string[];

beforeEach(() => {
  asked = [];
  vi.stubGlobal("fetch", async (url: string, { method }: RequestInit) => {
    asked.push(`${method} ${url.replace(/session_\w+/, "…").replace(/\?.*/, "")}`);
    if (url.endsWith("/fork")) return Response.json({ id: "any" });
    if (method === "GET") return Response.json({ items: [], next_before: null });
    return new Response(new ReadableStream());
  });
});
afterEach(() => vi.unstubAllGlobals());

test("starts one branch for a double click", async () => {
  const start = () => startBranch("s", message, "And now?", choice);
  const [first, second] = await Promise.all([start(), start()]);
  expect(second).toBe(first);
  expect(asked.filter((path) => path.endsWith("/fork"))).toHaveLength(1);
  expect(asked.filter((path) => path.endsWith("/chat"))).toHaveLength(1);
  expect(await start()).not.toBe(first);
});

test("can start a refused branch again", async () => {
  vi.stubGlobal("fetch", async () => {
    throw new TypeError("fetch failed");
  });
  const start = () => startBranch("s", message, "And now?", choice);
  await expect(start()).rejects.toMatchObject({ code: "unreachable" });
  await expect(start()).rejects.toMatchObject({ code: "unreachable" });
});
