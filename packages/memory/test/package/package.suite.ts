import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { asPublished, PUBLISHED_NAME } from "../../published-name.ts";
import { type Server, serverBinary, startServer } from "../servers.ts";
import { GUIDES, guideBlocks } from "../snippets.ts";
import { startFakeOpenAi } from "./fake-openai.ts";

const DEADLINE_MS = 10 * 60_000;
const FRAMEWORKS = [
  ...["@redis/client@6.3.1", "ioredis@6.0.0", "openai@7.57.0", "ai@7.0.173", "@langchain/core@1.4.0"],
  ...["@langchain/langgraph@1.7.3", "@langchain/langgraph-checkpoint@1.2.2", "@openai/agents@0.20.0"],
  ...["@anthropic-ai/sdk@1.14.0", "lua-redis-wasm@1.5.0", "@upstash/redis@1.39.0"],
  ...["zod@4", "typescript@7.0.2", "@types/node@24"],
];
// Only these tests need them, so they are no dependencies of this repository.
const TOOLS = [
  ...["publint@0.3.25", "@arethetypeswrong/cli@0.18.5", "esbuild@0.28.2", "vite@8.3.8"],
  ...["node@22.23.3", "bun@1.4.5", "deno@2.9.6"],
];

// The others ask a model.
const RUN_GUIDES = ["langchain", "langgraph"];

const memory = join(import.meta.dirname, "../..");
let folder: string;
let project: string;
let tools: string;
let tarball: string;
let redis: Server;
let openai: Awaited<ReturnType<typeof startFakeOpenAi>>;

interface RunOptions {
  readonly cwd?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

async function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const env = {
    ...process.env,
    ...{ REDIS_URL: redis.url, OPENAI_API_KEY: "none", OPENAI_BASE_URL: openai.url },
    OPENAI_AGENTS_DISABLE_TRACING: "1",
    ...options.environment,
  };
  const { stdout } = await promisify(execFile)(command, args, {
    ...{ cwd: options.cwd ?? project, env, timeout: DEADLINE_MS, maxBuffer: 2 ** 26 },
  }).catch((error: Error & { stdout?: string; stderr?: string }) => {
    throw new Error(`${command} ${args.join(" ")}\n${error.stdout}\n${error.stderr || error.message}`);
  });
  return stdout;
}

/** Makes an empty project and installs packages in it. */
async function createProject(name: string, packages: readonly string[]): Promise<string> {
  const cwd = join(folder, name);
  mkdirSync(cwd);
  writeFileSync(join(cwd, "package.json"), JSON.stringify({ name, private: true, type: "module" }));
  await run("npm", ["install", "--no-audit", "--no-fund", "--dangerously-allow-all-scripts", ...packages], {
    cwd,
  });
  return cwd;
}

function write(file: string, source: string): void {
  writeFileSync(join(project, file), asPublished(source));
}

/** Writes the code of a guide, to run on the Redis of these tests. */
function writeGuide(file: string, blocks: readonly string[]): void {
  write(file, blocks.join("\n").replaceAll("createClient()", "createClient({ url: process.env.REDIS_URL })"));
}

// The library as its users get it: packed, and installed in an empty project.
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "memory-package-"));
  redis = await startServer(serverBinary());
  openai = await startFakeOpenAi();
  await run(process.execPath, ["build.ts"], { cwd: memory });
  const packed = await run("npm", ["pack", "--json", "--pack-destination", folder], {
    cwd: join(memory, "dist"),
  });
  tarball = join(folder, readdirSync(folder).find((file) => file.endsWith(".tgz")) ?? packed);
  tools = await createProject("tools", TOOLS);
  project = await createProject("project", [tarball, ...FRAMEWORKS]);
  const { run: blocks, compileOnly } = guideBlocks("README.md");
  writeGuide("guide.ts", [...blocks, "client.destroy();"]);
  writeGuide("guide-turns.ts", [
    ...guideBlocks("TURNS.md").run,
    "client.destroy();",
    "subscriber.destroy();",
  ]);
  write(
    "guide-compile-only.ts",
    `import { MessageHistory } from "${PUBLISHED_NAME}";\n${compileOnly.join("\n")}`,
  );
  for (const guide of GUIDES) {
    const guideOf = guideBlocks(`guides/${guide}.md`);
    const end = RUN_GUIDES.includes(guide) ? ["client.destroy();"] : [];
    writeGuide(`guide-${guide}.ts`, [...guideOf.run, ...guideOf.compileOnly, ...end]);
  }
  for (const from of [join(memory, "examples"), join(import.meta.dirname, "project")]) {
    for (const file of readdirSync(from)) write(file, readFileSync(join(from, file), "utf8"));
  }
});
afterAll(async () => {
  openai?.close();
  await redis?.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe("the tarball", () => {
  test("is in order for publint", async () => {
    await run("node_modules/.bin/publint", ["--strict", join(memory, "dist")], { cwd: tools });
  });

  test("has types for every resolution of ES modules", async () => {
    await run("node_modules/.bin/attw", [tarball, "--profile", "esm-only"], { cwd: tools });
  });

  test("has maps of its JavaScript and its types to sources that are in it", () => {
    const root = join(project, "node_modules", PUBLISHED_NAME);
    for (const file of ["index.js.map", "index.d.ts.map"]) {
      const { sources } = JSON.parse(readFileSync(join(root, "lib/src", file), "utf8")) as {
        sources: string[];
      };
      for (const source of sources) {
        expect(readFileSync(join(root, "lib/src", source), "utf8")).toContain("MessageHistory");
      }
    }
  });

  test("installs the command redis-memory", async () => {
    expect(await run("npx", ["--no-install", "redis-memory", "--help"])).toContain("--from LAYOUT");
  });
});

describe("compiles", () => {
  const options = {
    ...{ target: "es2022", lib: ["esnext", "dom"], types: ["node"], noEmit: true, strict: true },
    allowImportingTsExtensions: true,
  };
  const compile = async (cwd: string, compilerOptions: object): Promise<void> => {
    for (const [module, moduleResolution] of [
      ["node16", "node16"],
      ["esnext", "bundler"],
    ]) {
      const tsconfig = {
        compilerOptions: { ...compilerOptions, module, moduleResolution },
        include: ["*.ts"],
      };
      writeFileSync(join(cwd, "tsconfig.json"), JSON.stringify(tsconfig));
      await run(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "."], { cwd });
    }
  };

  test("with the guides and examples of all frameworks", async () => {
    await compile(project, { ...options, erasableSyntaxOnly: true, skipLibCheck: true });
  });

  test.each(["5.4.5", "7.0.2"])("with TypeScript %s, its own types checked too", async (version) => {
    const cwd = await createProject(`typescript-${version}`, [
      ...[tarball, `typescript@${version}`, "@types/node@22", "@redis/client@6.3.1"],
    ]);
    for (const example of ["plain.ts", "turns.ts"]) {
      writeFileSync(join(cwd, example), asPublished(readFileSync(join(memory, "examples", example), "utf8")));
    }
    await compile(cwd, { ...options, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true });
  });
});

const RUNTIMES: Readonly<Record<string, () => readonly [program: string, ...args: string[]]>> = {
  "this Node.js": () => [process.execPath],
  "Node.js 22": () => [join(tools, "node_modules/node/bin/node")],
  Bun: () => [join(tools, "node_modules/.bin/bun")],
  Deno: () => [join(tools, "node_modules/.bin/deno"), "run", "--allow-all"],
};

describe.each(Object.entries(RUNTIMES))("on %s", (name, runtime) => {
  const runFile = (file: string): Promise<string> => {
    const [program, ...args] = runtime();
    return run(program, [...args, file]);
  };

  test("runs the guide", async () => {
    expect(await runFile("guide.ts")).toContain("user: My name is Bob");
  });

  test("runs the guides of turns, LangChain and LangGraph", async () => {
    expect(await runFile("guide-turns.ts")).toBe("completed\n");
    expect(await runFile("guide-langchain.ts")).toContain("Hello Bob!");
    await runFile("guide-langgraph.ts");
  });

  test("is required by CommonJS", async () => {
    await runFile("try-require.cjs");
  });

  test("runs the plain example", async () => {
    const output = await runFile("plain.ts");
    for (const text of ["tool: 42", "6 messages", "assistant"]) expect(output).toContain(text);
  });

  test("runs the example of turns", async () => {
    await runFile("turns.ts");
  });

  test("follows a turn and searches on every client", async () => {
    const own = name === "Bun" ? ", Bun's own client" : "";
    expect(await runFile("try-clients.ts")).toBe(`@redis/client, ioredis, the in-memory client${own}\n`);
  });

  test("answers a useChat page by the AI SDK's route", async () => {
    await runFile("try-ai-sdk.ts");
  });

  test("remembers in a graph of LangGraph, in a thread and across threads", async () => {
    expect((await runFile("with-langgraph.ts")).trim().split("\n")).toEqual([
      "thread 1: Hello Bob! 1 messages so far.",
      "thread 1: Hello Bob! 3 messages so far.",
      "thread 2: Hello Bob! 1 messages so far.",
    ]);
  });

  test("runs the command redis-memory", async () => {
    const command = join("node_modules", PUBLISHED_NAME, "lib/bin/redis-memory.js");
    expect(await runFile(command)).toContain("--from LAYOUT");
  });
});

test("refuses Upstash's REST client when it is given", async () => {
  await run("node", ["try-upstash.ts"]);
});

describe("at the edge", () => {
  test.each([
    ["esbuild", ["edge.ts", "--bundle", "--format=esm", "--platform=browser", "--outfile=worker/worker.js"]],
    ["vite", ["build", "--config", "vite.config.js"]],
  ])("is bundled by %s without anything of Node.js", async (tool, args) => {
    const lib = { entry: "edge.ts", formats: ["es"], fileName: "worker" };
    const build = { lib, outDir: "worker", target: "es2022", minify: false };
    write("vite.config.js", `export default ${JSON.stringify({ build })}`);
    rmSync(join(project, "worker"), { recursive: true, force: true });
    await run(join(tools, "node_modules/.bin", tool), args);
    const worker = readFileSync(join(project, "worker/worker.js"), "utf8");
    expect(worker).toContain("createWorker");
    expect(worker).not.toMatch(
      /(from|import|require\() ?["'](node:|crypto|buffer|fs|net|stream|util|__vite)/,
    );
  });
});

describe("remembers in the example with", () => {
  test("the OpenAI SDK", async () => {
    await run("node", ["with-openai.ts", "My name is Bob"]);
    const output = await run("node", ["with-openai.ts"]);
    expect(output).toContain("4 messages, the first question: My name is Bob");
  });

  test("LangChain", async () => {
    expect(await run("node", ["with-langchain.ts"])).toContain("4 messages, first: My name is Bob");
  });

  test("the OpenAI Agents SDK", async () => {
    await run("node", ["with-openai-agents.ts", "My name is Bob"]);
    const output = await run("node", ["with-openai-agents.ts"]);
    expect(output).toContain("4 messages, the first question: My name is Bob");
  });
});

test("passes the library's own tests on the in-memory client", async () => {
  const args = ["node_modules/vitest/vitest.mjs", "run", "packages/memory/src"];
  const environment = { TEST_REDIS_URL: "memory:", TEST_REDIS_SERVER: serverBinary() };
  await run(process.execPath, args, { cwd: join(memory, "../.."), environment });
});
