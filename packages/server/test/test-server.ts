import { randomBytes } from "node:crypto";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";
import { newClient } from "../../memory/test/new-client.ts";
import type { BuiltInEmbedding } from "../src/chat/built-in-embedding.ts";
import type { ChatModel } from "../src/chat/chat-model.ts";
import { compose } from "../src/compose.ts";
import { loadConfig } from "../src/config/config.ts";
import { ApiKeys } from "../src/identity/api-keys.ts";
import { ChatGpt } from "../src/models/chatgpt/chatgpt.ts";
import { Mirror } from "../src/models/mirror/mirror.ts";
import { Ollama } from "../src/models/ollama/ollama.ts";
import { createLog } from "../src/observability/log.ts";
import { IdentityStore } from "../src/storage/identity-store.ts";
import { connectRedis } from "../src/storage/redis.ts";
import { type FakeOllama, startFakeOllama } from "./fakes/ollama.ts";
import { type FakeOpenAi, startFakeOpenAi } from "./fakes/openai.ts";

interface TestServerOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly mirrorDelayMs?: number;
  /** Beside the fakes and the mirror. */
  readonly models?: readonly ChatModel[];
  readonly embedding?: BuiltInEmbedding;
  /** Keys of a server that the same Redis had before. */
  readonly name?: string;
}

/** A whole server on the Redis of the tests, with keys of its own; it is gone, and they are, when the test is. */
export async function startTestServer(options: TestServerOptions = {}) {
  const url = process.env.TEST_REDIS_URL;
  if (!url)
    throw new Error("TEST_REDIS_URL is not set: run the tests with `npm test`, or name a Redis to test on.");
  const openai: FakeOpenAi = await startFakeOpenAi();
  const ollama: FakeOllama = await startFakeOllama();
  const config = loadConfig({
    REDIS_URL: url,
    OPENAI_API_KEY: "sk-secret-of-the-tests",
    OPENAI_BASE_URL: openai.url,
    OLLAMA_BASE_URL: ollama.url,
    ...options.env,
  });
  const lines: string[] = [];
  const log = createLog("debug", { write: (line: string) => void lines.push(line) });
  const redis = await connectRedis(config.redis, log);
  const models: ChatModel[] = [
    new ChatGpt({ ...config.openai, apiKey: config.openai.apiKey ?? "" }),
    new Ollama(config.ollama),
    new Mirror({ wordDelayMs: options.mirrorDelayMs ?? 0 }),
    ...(options.models ?? []),
  ];
  const name = options.name ?? `test:${randomBytes(6).toString("hex")}`;
  const server = await compose({ config, log, redis, models, embedding: options.embedding, name });
  let base: string | undefined;
  // For looking behind the scenes.
  const observer = newClient({ url });
  observer.on("error", () => {});
  await observer.connect();
  const keys = async () => (await observer.keys(`${name}:*`)).sort();

  onTestFinished(async () => {
    await server.close(0);
    await Promise.all([openai.close(), ollama.close()]);
    const left = await keys();
    if (left.length > 0) await observer.del(left);
    observer.destroy();
  });

  return {
    ...server,
    name,
    openai,
    ollama,
    lines,
    config,
    redis,
    apiKeys: new ApiKeys(new IdentityStore(redis.client, name)),
    keys,
    /** Without the owners' lists of sessions, which are written behind the session. */
    sessionKeys: async () => (await keys()).filter((key) => key.startsWith(`${name}:{`)),
    command: (...args: string[]): Promise<unknown> => observer.sendCommand(args),
    /** A request without a socket. */
    inject: (
      method: "GET" | "POST" | "PATCH" | "DELETE",
      path: string,
      body?: unknown,
      headers: Record<string, string> = {},
    ) =>
      server.api.inject({
        method,
        url: path,
        headers: {
          host: "localhost:9090",
          ...(body !== undefined && { "content-type": "application/json" }),
          ...headers,
        },
        ...(body !== undefined && { payload: typeof body === "string" ? body : JSON.stringify(body) }),
      }),
    /** The address of the API on a real socket. */
    listen: async (): Promise<string> => {
      if (base === undefined) {
        await server.api.listen({ host: "127.0.0.1", port: 0 });
        base = `http://localhost:${(server.api.server.address() as AddressInfo).port}`;
      }
      return base;
    },
  };
}

export type TestServer = Awaited<ReturnType<typeof startTestServer>>;
