import { execFile } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const TOOLS = ["sh", "cp", "dirname", "grep", "head", "mktemp", "rm", "sed", "sleep", "tee", "tr"];

/** What the fake docker does, by the beginning of its arguments; what is not named succeeds in silence. */
type Docker = Readonly<Record<string, string>>;

const HEALTHY: Docker = {
  "inspect ": "echo healthy",
  "port chat-frontend 80/tcp": "echo 127.0.0.1:3001",
  "port chat-backend 9090/tcp": "echo 127.0.0.1:9090",
};

/** A clone with nothing but what start.sh needs, on a machine with this docker, or without one. */
function clone(docker: Docker | null) {
  const root = mkdtempSync(join(tmpdir(), "start-"));
  onTestFinished(() => rmSync(root, { recursive: true }));
  for (const file of ["start.sh", ".env.example"]) copyFileSync(join(ROOT, file), join(root, file));
  for (const tool of TOOLS) {
    const found = ["/bin", "/usr/bin"].map((folder) => join(folder, tool)).find((path) => existsSync(path));
    if (found === undefined) throw new Error(`${tool} is not on this machine.`);
    symlinkSync(found, join(root, tool));
  }
  if (docker !== null) {
    const cases = Object.entries(docker).map(([start, does]) => `"${start}"*) ${does} ;;`);
    const script = `#!/bin/sh\necho "$*" >>"${root}/asked"\ncase "$*" in\n${cases.join("\n")}\nesac\n`;
    writeFileSync(join(root, "docker"), script, { mode: 0o755 });
  }
  return {
    root,
    start: () =>
      new Promise<{ code: number; said: string }>((resolve) => {
        const options = { env: { PATH: root, WAIT_SECONDS: "2" }, timeout: 10_000 };
        execFile(join(root, "sh"), [join(root, "start.sh")], options, (error, stdout, stderr) =>
          resolve({
            code: typeof error?.code === "number" ? error.code : error ? -1 : 0,
            said: stdout + stderr,
          }),
        );
      }),
  };
}

test("it makes .env once, starts, waits and says where the page is", async () => {
  const { root, start } = clone(HEALTHY);
  const { code, said } = await start();
  expect(said).toContain("Page   http://localhost:3001");
  expect(said).toContain("API    http://localhost:9090");
  expect(code).toBe(0);
  expect(readFileSync(join(root, ".env"), "utf8")).toBe(readFileSync(join(ROOT, ".env.example"), "utf8"));
  expect(statSync(join(root, ".env")).mode & 0o777).toBe(0o600);
  expect(readFileSync(join(root, "asked"), "utf8")).toContain("compose up -d --build");

  writeFileSync(join(root, ".env"), "OPENAI_API_KEY=mine\n");
  expect((await start()).said).not.toContain("Created .env");
  expect(readFileSync(join(root, ".env"), "utf8")).toBe("OPENAI_API_KEY=mine\n");
});

test("it says where the page is that others open", async () => {
  const { start } = clone({ ...HEALTHY, "exec chat-backend printenv PUBLIC_URL": "echo https://chat.test" });
  expect((await start()).said).toMatch(/Page {3}https:\/\/chat\.test\n/);
});

test.each<[string, Docker | null, RegExp]>([
  ["is missing", null, /Docker is not installed[\s\S]*Install Docker Desktop/],
  [
    "does not run",
    { info: "echo 'Cannot connect to the Docker daemon at unix:///var/run/docker.sock.' >&2; exit 1" },
    /installed, but not running: Cannot connect[\s\S]*systemctl start docker/,
  ],
  [
    "may not be used",
    { info: "echo 'permission denied while trying to connect to the Docker daemon socket' >&2; exit 1" },
    /may not use Docker[\s\S]*usermod -aG docker/,
  ],
  ["has no Compose", { "compose version": "exit 1" }, /Docker has no Compose/],
  [
    "finds a port in use by a container",
    { "compose up": "echo 'Bind for 127.0.0.1:9090 failed: port is already allocated'; exit 1" },
    /Port 9090 is in use[\s\S]*PORT \(the API, 9090\)/,
  ],
  [
    "finds a port in use by another program",
    { "compose up": "echo 'listen tcp4 127.0.0.1:3000: bind: address already in use'; exit 1" },
    /Port 3000 is in use[\s\S]*lsof -i :3000/,
  ],
  [
    "cannot bring a service up",
    { "compose up": "exit 1", "inspect ": "echo restarting", "logs ": "echo 'the reason'" },
    /redis-memory is restarting[\s\S]*the reason[\s\S]*could not be started/,
  ],
  [
    "never gets healthy",
    { "inspect ": "echo unhealthy", "logs ": "echo 'the reason'" },
    /the reason[\s\S]*Not healthy after 2 seconds: redis-memory chat-backend chat-frontend/,
  ],
])("it says what to do when Docker %s", async (_, docker, expected) => {
  const { code, said } = await clone(docker).start();
  expect(said).toMatch(expected);
  expect(code).toBe(1);
});
