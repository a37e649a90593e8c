import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { createInterface, type Interface } from "node:readline";
import { fileURLToPath } from "node:url";
import { endWithUs } from "../packages/memory/test/end-with-us.ts";

const TICKS_PER_SECOND = 100;

/** True if a process can be pinned to a core, so that the measured program has a core of its own. */
export const canPin = spawnSync("taskset", ["--version"]).status === 0;

/** Pins this process to a core. */
export function pinSelf(core: number): void {
  if (canPin) spawnSync("taskset", ["-a", "-p", "-c", `${core}`, `${process.pid}`]);
}

/** A Node.js program pinned to a core. It prints a line with `"msg":"ready"` when it is ready. */
export class PinnedProgram {
  readonly url: string;
  readonly #child: ChildProcess;
  readonly #lines: Interface;

  private constructor(child: ChildProcess, lines: Interface, port: number) {
    this.#child = child;
    this.#lines = lines;
    this.url = `http://127.0.0.1:${port}`;
  }

  static async start(
    core: number,
    file: string,
    port: number,
    env: Record<string, string>,
  ): Promise<PinnedProgram> {
    const liveMemory = fileURLToPath(new URL("live-memory.ts", import.meta.url));
    const command = [process.execPath, "--expose-gc", "--import", liveMemory, file];
    const [program = "", ...args] = canPin ? ["taskset", "-c", `${core}`, ...command] : command;
    const child = spawn(program, args, {
      cwd: tmpdir(),
      env: { PATH: process.env.PATH, NODE_ENV: "production", ...env, PORT: `${port}` },
      stdio: ["ignore", "pipe", "inherit"],
    });
    endWithUs(child);
    const lines = createInterface({ input: child.stdout });
    // Later output is read too, so that the pipe does not fill.
    const pinned = new PinnedProgram(child, lines, port);
    await pinned.#says("ready");
    return pinned;
  }

  #says(message: string): Promise<string> {
    return new Promise((resolve) => {
      const listener = (line: string): void => {
        if (!line.includes(`"msg":"${message}"`)) return;
        this.#lines.off("line", listener);
        resolve(line);
      };
      this.#lines.on("line", listener);
    });
  }

  /** Returns the seconds of CPU that the program has used. */
  cpuSeconds(): number {
    const fields = readFileSync(`/proc/${this.#child.pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
    return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
  }

  residentBytes(): number {
    const status = readFileSync(`/proc/${this.#child.pid}/status`, "utf8");
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) * 1024;
  }

  /** Returns the bytes in use after a garbage collection: JavaScript's heap and external buffers. */
  async liveBytes(): Promise<number> {
    const told = this.#says("live memory");
    this.#child.kill("SIGWINCH");
    return (JSON.parse(await told) as { bytes: number }).bytes;
  }

  async stop(): Promise<void> {
    this.#child.kill("SIGKILL");
    await once(this.#child, "exit");
  }
}
