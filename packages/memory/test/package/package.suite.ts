import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Server, serverBinary, startServer } from "../servers.ts";
import { guideBlocks } from "../snippets.ts";
import { startFakeOpenAi } from "./fake-openai.ts";

const DEADLINE_MS = 5 * 60_000;
const INSTALLED = [
  ...["@redis/client@6.3.1", "ioredis@6.0.0", "openai@7.57.0", "ai@7.0.173", "@langchain/core@1.4.0"],
  ...["@langchain/langgraph@1.7.3", "@langchain/langgraph-checkpoint@1.2.2", "@openai/agents@0.20.0"],
  ...["@anthropic-ai/sdk@1.14.0", "lua-redis-wasm@1.5.0"],
  ...["zod@4", "typescript@7.0.2", "@types/node@24"],
];

const memory = join(import.meta.dirname, "../..");
let project: string;
let redis: Server;
let openai: Awaited<ReturnType<typeof startFakeOpenAi>>;

interface RunOptions {
  readonly cwd?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

async function run(
  command: string,
  args: readonly string[],
  { cwd = project, environment = {} }: RunOptions = {},
): Promise<string> {
  const env = {
    ...process.env,
    ...{ REDIS_URL: redis.url, OPENAI_API_KEY: "none", OPENAI_BASE_URL: openai.url },
    OPENAI_AGENTS_DISABLE_TRACING: "1",
    ...environment,
  };
  const { stdout } = await promisify(execFile)(command, args, { cwd, env, timeout: DEADLINE_MS }).catch(
    (error: Error & { stdout?: string; stderr?: string }) => {
      throw new Error(`${command} ${args.join(" ")}\n${error.stdout}\n${error.stderr || error.message}`);
    },
  );
  return stdout;
}

// The library as its users get it: packed, and installed in an empty project.
beforeAll(async () => {
  project = mkdtempSync(join(tmpdir(), "memory-package-"));
  redis = await startServer(serverBinary());
  openai = await startFakeOpenAi();
  await run(process.execPath, ["build.ts"], { cwd: memory });
  await run("npm", ["pack", "--pack-destination", project], { cwd: join(memory, "dist") });
  const manifest = { name: "project", version: "1.0.0", private: true, type: "module" };
  writeFileSync(join(project, "package.json"), JSON.stringify(manifest));
  const [tarball = ""] = (await run("sh", ["-c", "ls *.tgz"])).trim().split("\n");
  await run("npm", ["install", "--no-audit", "--no-fund", `./${tarball}`, ...INSTALLED]);
  const { run: blocks, compileOnly } = guideBlocks("README.md");
  writeFileSync(join(project, "guide.ts"), [...blocks, "client.destroy();"].join("\n"));
  const imports = 'import { MessageHistory } from "@redis-memory-magic/memory";\n';
  writeFileSync(join(project, "guide-compile-only.ts"), imports + compileOnly.join("\n"));
  cpSync(join(memory, "examples"), project, { recursive: true });
  cpSync(join(import.meta.dirname, "project"), project, { recursive: true });
});
afterAll(async () => {
  openai?.close();
  await redis?.stop();
  rmSync(project, { recursive: true, force: true });
});

test("compiles with the guide and the examples", async () => {
  const compilerOptions = {
    ...{ target: "es2024", lib: ["esnext", "dom"], module: "nodenext", types: ["node"], noEmit: true },
    ...{ strict: true, allowImportingTsExtensions: true, erasableSyntaxOnly: true, skipLibCheck: true },
  };
  writeFileSync(join(project, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["*.ts"] }));
  await run(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "."]);
});

test("runs the guide", async () => {
  expect(await run("node", ["guide.ts"])).toContain("user: My name is Bob");
});

test("runs the plain example", async () => {
  const output = await run("node", ["plain.ts"]);
  for (const text of ["tool: 42", "6 messages", "[ 'assistant' ]"]) expect(output).toContain(text);
});

test("runs the example of turns", async () => {
  await run("node", ["turns.ts"]);
});

test("remembers in the example with the OpenAI SDK", async () => {
  await run("node", ["with-openai.ts", "My name is Bob"]);
  const output = await run("node", ["with-openai.ts"]);
  expect(output).toContain("4 messages, the first question: My name is Bob");
});

test("remembers in the example with the AI SDK", async () => {
  await run("node", ["try-ai-sdk.ts"]);
});

test("remembers in the example with LangChain", async () => {
  expect(await run("node", ["with-langchain.ts"])).toContain("4 messages, first: My name is Bob");
});

test("remembers in the example with the OpenAI Agents SDK", async () => {
  await run("node", ["with-openai-agents.ts", "My name is Bob"]);
  const output = await run("node", ["with-openai-agents.ts"]);
  expect(output).toContain("4 messages, the first question: My name is Bob");
});

test("remembers in the example with LangGraph, in a thread and across threads", async () => {
  expect((await run("node", ["with-langgraph.ts"])).trim().split("\n")).toEqual([
    "thread 1: Hello Bob! 1 messages so far.",
    "thread 1: Hello Bob! 3 messages so far.",
    "thread 2: Hello Bob! 1 messages so far.",
  ]);
});

test("passes the library's own tests on the in-memory client", async () => {
  const args = ["node_modules/vitest/vitest.mjs", "run", "packages/memory/src"];
  const environment = { TEST_REDIS_URL: "memory:", TEST_REDIS_SERVER: serverBinary() };
  await run(process.execPath, args, { cwd: join(memory, "../.."), environment });
});

test("installs the command redis-memory", async () => {
  expect(await run("npx", ["--no-install", "redis-memory", "--help"])).toContain("--from LAYOUT");
});
