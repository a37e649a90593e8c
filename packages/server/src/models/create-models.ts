import { cacheFolder } from "@redis-memory-magic/setup/base/cache-folder";
import type { Logger } from "pino";
import type { ChatModel } from "../chat/chat-model.ts";
import type { Config } from "../config/config.ts";
import { ChatGpt } from "./chatgpt/chatgpt.ts";
import { createEmbeddedModel } from "./embedded/embedded-model.ts";
import { EmbeddingModel } from "./embedding/embedding-model.ts";
import { Mirror } from "./mirror/mirror.ts";
import { Ollama } from "./ollama/ollama.ts";

// Fast enough to be no wait, slow enough to be seen as a stream.
const MIRROR_WORD_DELAY_MS = 20;

/** All providers. @param env what programs that fetch the built-in model are run with: PATH, proxies */
export function createModels(
  { openai, ollama, embedded }: Config,
  log: Logger,
  env: NodeJS.ProcessEnv,
): ChatModel[] {
  return [
    new ChatGpt({ ...openai, apiKey: openai.apiKey ?? "" }),
    new Ollama(ollama),
    createEmbeddedModel({ model: embedded.model, cacheDir: cacheFolder(env), env, log }),
    new Mirror({ wordDelayMs: MIRROR_WORD_DELAY_MS }),
  ];
}

/** The model that recall finds turns by their meaning with; undefined: it is switched off. */
export const createEmbeddingModel = (
  { embedding }: Config,
  log: Logger,
  env: NodeJS.ProcessEnv,
): EmbeddingModel | undefined =>
  embedding.model === "none" ? undefined : new EmbeddingModel({ cacheDir: cacheFolder(env), env, log });
