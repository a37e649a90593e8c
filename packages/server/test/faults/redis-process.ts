import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { endWithUs } from "../../../memory/test/end-with-us.ts";
import { freePort } from "../../../memory/test/free-port.ts";
import { newClient } from "../../../memory/test/new-client.ts";
import { serverBinary } from "../../../memory/test/servers.ts";

const READY_MS = 60_000;

interface RedisProcessOptions {
  readonly args?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

/** A Redis of its own that syncs every write before it answers, to be killed, frozen, filled and made read-only. */
export class RedisProcess {
  readonly port: number;
  readonly url: string;
  readonly #folder: string;
  readonly #options: RedisProcessOptions;
  #child: ChildProcess | undefined;

  private constructor(port: number, folder: string, options: RedisProcessOptions) {
    this.port = port;
    this.url = `redis://127.0.0.1:${port}`;
    this.#folder = folder;
    this.#options = options;
  }

  static async start(options: RedisProcessOptions = {}): Promise<RedisProcess> {
    const folder = await mkdtemp(join(tmpdir(), "faults-redis-"));
    const redis = new RedisProcess(await freePort(), folder, options);
    await redis.start();
    return redis;
  }

  /** Starts it again, with what it had on disk. */
  async start(): Promise<void> {
    const { args = [], env } = this.#options;
    const durable = ["--appendonly", "yes", "--appendfsync", "always", "--save", ""];
    const where = ["--port", `${this.port}`, "--bind", "127.0.0.1", "--dir", this.#folder];
    this.#child = spawn(serverBinary(), [...where, ...durable, ...args], {
      stdio: "ignore",
      env: { ...process.env, ...env },
    });
    endWithUs(this.#child, this.#folder);
    const deadline = performance.now() + READY_MS;
    while (!(await this.#answers())) {
      if (performance.now() > deadline) throw new Error("Redis did not start");
      await sleep(20);
    }
  }

  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  freeze(): void {
    this.#child?.kill("SIGSTOP");
  }

  thaw(): void {
    this.#child?.kill("SIGCONT");
  }

  /** One command, on a connection of its own. */
  async command(...args: string[]): Promise<unknown> {
    const client = newClient({ url: this.url, socket: { reconnectStrategy: false } });
    client.on("error", () => {});
    await client.connect();
    try {
      return await client.sendCommand(args);
    } finally {
      client.destroy();
    }
  }

  async stop(): Promise<void> {
    await this.#end("SIGKILL");
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill(signal);
    await ended;
  }

  async #answers(): Promise<boolean> {
    return this.command("PING").then(
      () => true,
      () => false,
    );
  }
}
