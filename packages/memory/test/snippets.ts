import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as memory from "../src/index.ts";
import * as internal from "../src/internal.ts";

const here = join(import.meta.dirname, "..");
const NAMES = Object.keys(memory).join(", ");

/** The guides of the adapters. */
export const GUIDES = readdirSync(join(here, "guides")).map((file) => file.replace(/\.md$/, ""));
const INTERNAL_NAMES = Object.keys(internal).join(", ");

export interface Snippet {
  /** Where it stands. */
  readonly name: string;
  readonly source: string;
}

/** The TypeScript blocks of a guide; those for reading only, as they need what a test has not, apart. */
export function guideBlocks(file: string): { run: string[]; compileOnly: string[] } {
  const run: string[] = [];
  const compileOnly: string[] = [];
  const text = readFileSync(join(here, file), "utf8");
  for (const [, info = "", block = ""] of text.matchAll(/^```ts(.*)\n([\s\S]*?)^```$/gm)) {
    (info.trim() === "compile-only" ? compileOnly : run).push(block);
  }
  return { run, compileOnly };
}

/** The examples of all doc comments, each in what a reader has at hand. */
export function docExamples(): Snippet[] {
  const files = readdirSync(join(here, "src"), { recursive: true, encoding: "utf8" });
  return files
    .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"))
    .flatMap((file) => {
      const text = readFileSync(join(here, "src", file), "utf8");
      const found = text.matchAll(/^ *\* @example\n((?: *\*(?! @|\/).*\n)+)/gm);
      return [...found].map(([, lines = ""], n) => ({
        name: `${file}, example ${n + 1}`,
        source: inContext(lines.replace(/^ *\* ?/gm, "")),
      }));
    });
}

const inContext = (source: string): string => `
import { ${NAMES} } from "@redis-memory-magic/memory";
import { ${INTERNAL_NAMES} } from "@redis-memory-magic/memory/internal";
import { convertToModelMessages, streamText, type LanguageModel } from "ai";
import { chatHandler, chatStore } from "@redis-memory-magic/memory/ai-sdk";
import { fromAnthropic, toAnthropic } from "@redis-memory-magic/memory/anthropic";
import { RedisMemoryHistory } from "@redis-memory-magic/memory/langchain";
import { RedisMemorySaver, RedisMemoryStore } from "@redis-memory-magic/memory/langgraph";
import { RedisMemorySession } from "@redis-memory-magic/memory/openai-agents";
import { fromChat, fromResponses, toChat, toResponses } from "@redis-memory-magic/memory/openai";
import type { Item, Message, RedisClient } from "@redis-memory-magic/memory";
declare const client: RedisClient;
declare const history: MessageHistory;
declare const turns: Turns;
declare const message: Message;
declare const turnId: string;
declare const model: LanguageModel;
export async function example() {
${source}
}
`;
