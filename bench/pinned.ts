import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
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
  #commands = 0;

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
    const bridge = fileURLToPath(new URL("inspector-bridge.ts", import.meta.url));
    const command = [process.execPath, "--import", bridge, file];
    const [program = "", ...args] = canPin ? ["taskset", "-c", `${core}`, ...command] : command;
    const child = spawn(program, args, {
      cwd: tmpdir(),
      env: { PATH: process.env.PATH, NODE_ENV: "production", ...env, PORT: `${port}` },
      stdio: ["ignore", "pipe", "inherit", "ipc"],
    });
    endWithUs(child);
    const pinned = new PinnedProgram(child, port);
    await pinned.#ready();
    return pinned;
  }

  /** Resolves at the line with `"msg":"ready"`. Later output is read too, so that the pipe does not fill. */
  #ready(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#child.once("exit", (code) => reject(new Error(`a measured program ended with code ${code}`)));
      createInterface({ input: this.#child.stdout as Readable }).on("line", (line) => {
        if (line.includes('"msg":"ready"')) resolve();
      });
    });
  }

  /** Sends a command of the inspector's protocol, and returns its result. */
  inspect(method: string, params: object = {}): Promise<unknown> {
    const id = ++this.#commands;
    return new Promise((resolve, reject) => {
      const listener = (message: { id: number; result?: unknown; error?: string }): void => {
        if (message.id !== id) return;
        this.#child.off("message", listener);
        if (message.error === undefined) resolve(message.result);
        else reject(new Error(`${method}: ${message.error}`));
      };
      this.#child.on("message", listener);
      this.#child.send({ id, method, params });
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
    await this.inspect("HeapProfiler.collectGarbage");
    // The second collection frees what the callbacks of the first released.
    await sleep(200);
    await this.inspect("HeapProfiler.collectGarbage");
    const expression = "(({ heapUsed, external }) => heapUsed + external)(process.memoryUsage())";
    const { result } = (await this.inspect("Runtime.evaluate", { expression })) as {
      result: { value: number };
    };
    return result.value;
  }

  async stop(): Promise<void> {
    this.#child.kill("SIGKILL");
    await once(this.#child, "exit");
  }
}
