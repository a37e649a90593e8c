import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { endWithUs } from "../../../memory/test/end-with-us.ts";
import { freePort } from "../../../memory/test/free-port.ts";

const MAIN = fileURLToPath(new URL("../../src/main.ts", import.meta.url));
const READY_MS = 90_000;

interface LogLine {
  readonly msg: string;
  readonly level: number;
}

/** The whole server as people run it: a process of its own, with a port of its own. */
export class ServerProcess {
  readonly base: string;
  /** What it has logged. */
  readonly log: LogLine[] = [];
  readonly #child: ChildProcess;
  readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.base = `http://127.0.0.1:${port}`;
    this.exited = once(child, "exit").then(([code, signal]) => ({ code, signal }));
  }

  static async start(env: Readonly<Record<string, string>>): Promise<ServerProcess> {
    const port = await freePort();
    const child = spawn(process.execPath, [MAIN], {
      // A folder without the developer's .env.
      cwd: tmpdir(),
      env: {
        PATH: process.env.PATH,
        // Compiled TypeScript: a start takes half as long.
        NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE,
        EMBEDDED_MODEL: "none",
        EMBEDDING_MODEL: "none",
        PORT: `${port}`,
        WEB_PORT: `${await freePort()}`,
        ...env,
      },
      stdio: ["ignore", "pipe", "inherit"],
    });
    endWithUs(child);
    const server = new ServerProcess(child, port);
    try {
      await server.#ready();
    } catch (error) {
      child.kill("SIGKILL");
      throw error;
    }
    return server;
  }

  kill(): Promise<unknown> {
    this.#child.kill("SIGKILL");
    return this.exited;
  }

  freeze(): void {
    this.#child.kill("SIGSTOP");
  }

  thaw(): void {
    this.#child.kill("SIGCONT");
  }

  terminate(): void {
    this.#child.kill("SIGTERM");
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  #ready(): Promise<void> {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error("The server did not start in time")), READY_MS);
      this.exited.then(({ code }) =>
        reject(new Error(`The server ended with ${code}: ${JSON.stringify(this.log)}`)),
      );
      if (this.#child.stdout === null) return;
      createInterface({ input: this.#child.stdout }).on("line", (text) => {
        const line = JSON.parse(text) as LogLine;
        this.log.push(line);
        if (line.msg !== "ready") return;
        clearTimeout(late);
        resolve();
      });
    });
  }
}
