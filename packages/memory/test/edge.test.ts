import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import { createContext, runInContext } from "node:vm";
import { rolldown } from "rolldown";
import { afterAll, beforeAll, expect, test } from "vitest";
import type * as memory from "../src/index.ts";
import { type Connection, connectNodeRedis, removeKeys, uniqueName } from "./redis.ts";

let redis: Connection;
beforeAll(async () => {
  redis = await connectNodeRedis();
});
afterAll(() => redis.close());

// What is there at the edge, and nothing of Node.js.
const { crypto, TextEncoder, TextDecoder, AbortController } = globalThis;
const { clearTimeout, clearInterval, performance, btoa, atob, structuredClone } = globalThis;
const EDGE = {
  ...{ crypto, TextEncoder, TextDecoder, AbortController },
  ...{ clearTimeout, clearInterval, performance, btoa, atob, structuredClone },
  // The timers of the web's platform are numbers.
  setTimeout: (run: () => void, ms: number) => Number(setTimeout(run, ms)),
  setInterval: (run: () => void, ms: number) => Number(setInterval(run, ms)),
  // The client's errors are of the test's realm.
  ...{ Error, TypeError },
};

async function bundle(file: string): Promise<string> {
  const input = fileURLToPath(new URL(`../src/${file}`, import.meta.url));
  const built = await rolldown({ input, platform: "browser" });
  const { output } = await built.generate({ format: "iife", name: "memory" });
  await built.close();
  return output[0].code;
}

test("the library is bundled without anything of Node.js, and runs without it", async () => {
  const code = await bundle("index.ts");
  expect(code).not.toMatch(/require\(|from "node:/);
  const context = createContext({ ...EDGE });
  const { MessageHistory, Turns, SessionBlobs } = runInContext(`${code}; memory`, context) as typeof memory;
  const name = uniqueName();
  const { client } = redis;
  try {
    const history = new MessageHistory({ client, name });
    await history.store("s", "Hi 🎉", "Hello");
    const [first] = await history.getRecent("s");
    await history.updateMessage("s", first?.id ?? "", { content: "Hey 🎉" });
    const turns = new Turns({ client, name });
    const ran = await turns.run("s", { content: "And?" }, async (writer) => writer.write("That é is all."));
    expect(ran).toMatchObject({ kind: "ended", outcome: { status: "completed" } });
    expect((await history.getRecent("s")).map(({ content }) => content)).toEqual([
      "Hey 🎉",
      "Hello",
      "And?",
      "That é is all.",
    ]);
    const blobs = new SessionBlobs({ client, name });
    const bytes = runInContext("new Uint8Array([1, 2, 255])", context) as Uint8Array;
    const { id } = await blobs.put("s", bytes, { mediaType: "image/png" });
    const here = await (await blobs.get("s", id))?.data().next();
    expect([...(here?.value ?? [])]).toEqual([1, 2, 255]);
    // Another process makes the vectors of this session. That must not keep others from theirs.
    await redis.command(
      "HSET",
      `${name}:{s}:meta`,
      "embedder",
      "x",
      "embedder_until",
      `${Date.now() + 60_000}`,
    );
    const embedder = { model: "m", dimensions: 1, embed: async (texts: string[]) => texts.map(() => [1]) };
    const embedding = new MessageHistory({ client, name, embedder });
    await embedding.store("s", "One", "Yes");
    await embedding.store("other", "Two", "Yes");
    await expect.poll(() => redis.command("LLEN", `${name}:{other}:vectors`)).toBe(2);
    // The same content has the same id everywhere.
    expect(id).toBe(`sha256-${createHash("sha256").update(bytes).digest("base64url")}`);
  } finally {
    await removeKeys(redis, name);
  }
});

test.each(["ai-sdk", "anthropic", "langchain", "langgraph", "openai", "openai-agents"])(
  "/%s imports nothing of Node.js itself",
  async (adapter) => {
    const input = fileURLToPath(new URL(`../src/adapters/${adapter}/index.ts`, import.meta.url));
    const built = await rolldown({ input, platform: "browser", external: /^[^./]/ });
    const { output } = await built.generate({ format: "esm" });
    await built.close();
    expect(output[0].imports.filter((one) => one.startsWith("node:"))).toEqual([]);
  },
);
