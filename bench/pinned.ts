import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { createInterface } from "node:readline";

const TICKS_PER_SECOND = 100;

/** Whether processes can be kept to one core each, so that what is measured has a core of its own. */
export const canPin = spawnSync("taskset", ["--version"]).status === 0;

/** Keeps this process to a core. */
export function pinSelf(core: number): void {
  if (canPin) spawnSync("taskset", ["-a", "-p", "-c", `${core}`, `${process.pid}`]);
}

/** A Node.js program on a core of its own, that prints a line with `"msg":"ready"`. */
export class PinnedProgram {
  readonly url: string;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.url = `http://127.0.0.1:${port}`;
  }

  static async start(
    core: number,
    file: string,
    port: number,
    env: Record<string, string>,
  ): Promise<PinnedProgram> {
    const command = [process.execPath, file];
    const [program = "", ...args] = canPin ? ["taskset", "-c", `${core}`, ...command] : command;
    const child = spawn(program, args, {
      cwd: tmpdir(),
      env: { PATH: process.env.PATH, NODE_ENV: "production", ...env, PORT: `${port}` },
      stdio: ["ignore", "pipe", "inherit"],
    });
    const lines = createInterface({ input: child.stdout });
    for await (const line of lines) if (line.includes('"msg":"ready"')) break;
    // What it prints later must not fill its pipe.
    child.stdout.resume();
    return new PinnedProgram(child, port);
  }

  /** Seconds of CPU that it has used. */
  cpuSeconds(): number {
    const fields = readFileSync(`/proc/${this.#child.pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
    return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
  }

  residentBytes(): number {
    const status = readFileSync(`/proc/${this.#child.pid}/status`, "utf8");
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) * 1024;
  }

  async stop(): Promise<void> {
    this.#child.kill("SIGKILL");
    await once(this.#child, "exit");
  }
}
