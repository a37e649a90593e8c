// `npm run test:package`: packs the library, installs it in an empty project, compiles the guide and the examples
// there and runs them. Ends with an error when one of them fails.
import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { serverBinary, startServer } from "../servers.ts";
import { guideBlocks } from "../snippets.ts";
import { startFakeOpenAi } from "./fake-openai.ts";

const DEADLINE_MS = 5 * 60_000;
const INSTALLED = [
  ...["@redis/client@6.3.1", "ioredis@6.0.0", "openai@7.57.0", "ai@7.0.173", "@langchain/core@1.4.0"],
  ...["zod@4", "typescript@7.0.2", "@types/node@24"],
];

const memory = join(import.meta.dirname, "../..");
const project = mkdtempSync(join(tmpdir(), "memory-package-"));
const redis = await startServer(serverBinary());
const openai = await startFakeOpenAi();

async function run(command: string, args: readonly string[], cwd = project): Promise<string> {
  const env = { ...process.env, REDIS_URL: redis.url, OPENAI_API_KEY: "none", OPENAI_BASE_URL: openai.url };
  const { stdout } = await promisify(execFile)(command, args, { cwd, env, timeout: DEADLINE_MS }).catch(
    (error: Error & { stdout?: string; stderr?: string }) => {
      throw new Error(`${command} ${args.join(" ")}\n${error.stdout}\n${error.stderr || error.message}`);
    },
  );
  return stdout;
}

async function step(what: string, work: () => Promise<unknown>): Promise<void> {
  await work();
  console.log(`passed: ${what}`);
}

/** What a step has said must have this in it. */
function expectIn(said: string, ...words: readonly string[]): void {
  for (const word of words) {
    if (!said.includes(word)) throw new Error(`expected ${JSON.stringify(word)} in:\n${said}`);
  }
}

try {
  await step("it is built and packed", async () => {
    await run(process.execPath, ["build.ts"], memory);
    await run("npm", ["pack", "--pack-destination", project], join(memory, "dist"));
  });
  await step("it is installed in an empty project", async () => {
    const manifest = { name: "project", version: "1.0.0", private: true, type: "module" };
    writeFileSync(join(project, "package.json"), JSON.stringify(manifest));
    const [tarball = ""] = (await run("sh", ["-c", "ls *.tgz"])).trim().split("\n");
    await run("npm", ["install", "--no-audit", "--no-fund", `./${tarball}`, ...INSTALLED]);
  });
  await step("the guide and the examples compile there", async () => {
    const { run: blocks, compileOnly } = guideBlocks("README.md");
    writeFileSync(join(project, "guide.ts"), [...blocks, "client.destroy();"].join("\n"));
    const imports = 'import { MessageHistory } from "@redis-memory-magic/memory";\n';
    writeFileSync(join(project, "guide-compile-only.ts"), imports + compileOnly.join("\n"));
    cpSync(join(memory, "examples"), project, { recursive: true });
    cpSync(join(import.meta.dirname, "project"), project, { recursive: true });
    const compilerOptions = {
      ...{ target: "es2024", lib: ["esnext", "dom"], module: "nodenext", types: ["node"], noEmit: true },
      ...{ strict: true, allowImportingTsExtensions: true, erasableSyntaxOnly: true, skipLibCheck: true },
    };
    writeFileSync(join(project, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["*.ts"] }));
    await run(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "."]);
  });
  await step("the guide runs", async () => expectIn(await run("node", ["guide.ts"]), "user: My name is Bob"));
  await step("the plain example runs", async () => {
    expectIn(await run("node", ["plain.ts"]), "tool: 42", "6 messages", "[ 'assistant' ]");
  });
  await step("the example of turns runs", () => run("node", ["turns.ts"]));
  await step("the example with the OpenAI SDK remembers", async () => {
    await run("node", ["with-openai.ts", "My name is Bob"]);
    expectIn(await run("node", ["with-openai.ts"]), "4 messages, the first question: My name is Bob");
  });
  await step("the example with the AI SDK remembers", () => run("node", ["try-ai-sdk.ts"]));
  await step("the example with LangChain keeps all of its messages", () => run("node", ["try-langchain.ts"]));
  await step("the command is there", async () => {
    expectIn(await run("npx", ["--no-install", "redis-memory", "--help"]), "--from LAYOUT");
  });
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
} finally {
  openai.close();
  await redis.stop();
  rmSync(project, { recursive: true, force: true });
}
