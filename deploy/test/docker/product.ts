import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { excerpt, until } from "./expect.ts";
import { type Outcome, shell } from "./shell.ts";

const REPOSITORY = fileURLToPath(new URL("../../..", import.meta.url));
export const CONTAINERS = ["redis-memory", "chat-backend", "chat-frontend"] as const;
export const IMAGES = [
  "redis-memory-magic-backend",
  "redis-memory-magic-frontend",
  "redis-memory-magic-proxy",
];
const BUILD_DEADLINE_MS = 15 * 60_000;

/** A clean checkout of the product in a folder of its own, and the commands that are typed there. */
export class Product {
  /** Empty before `clone`. */
  root = "";
  #env: NodeJS.ProcessEnv = {};
  #imagesBefore = "";

  /** @throws Error with what to do, where it cannot be tested here */
  async clone(): Promise<void> {
    // Nothing that configures the product gets in from outside, and only what makes Docker work at all.
    const passed = Object.entries(process.env).filter(([name]) => /^(PATH|HOME|LANG|DOCKER_.*)$/.test(name));
    const env = Object.fromEntries(passed);
    const ask = (command: string): Promise<Outcome> => shell(command, { cwd: REPOSITORY, env });
    if ((await ask("docker info")).code !== 0) throw new Error("Docker does not run: start it first.");
    const names = (await ask("docker ps -a --format '{{.Names}}'")).output.split("\n");
    const taken = names.filter((name) =>
      /^(redis-(memory|replica|cluster|backup-try|\d)|chat-(backend(-\d)?|frontend|proxy|backup))$/.test(
        name,
      ),
    );
    if (taken.length > 0) {
      throw new Error(
        `The product runs here already (${taken.join(", ")}): docker compose down, then again.`,
      );
    }

    // Compose names volumes after the folder: an unused name, or the test would remove a user's data.
    const folder = mkdtempSync(join(tmpdir(), "rmm-docker-test-"));
    this.root = join(folder, basename(folder).toLowerCase());
    this.#env = env;
    const files = (await ask("git ls-files -z --cached --others --exclude-standard")).output.split("\0");
    for (const file of files.filter((name) => name !== "" && existsSync(join(REPOSITORY, name)))) {
      cpSync(join(REPOSITORY, file), join(this.root, file));
    }
    // Where Compose is Docker's own plugin, the commands of the original are typed with a blank.
    if ((await ask("docker compose version")).code === 0) {
      const bin = join(folder, "bin");
      mkdirSync(bin);
      writeFileSync(join(bin, "docker-compose"), '#!/bin/sh\nexec docker compose "$@"\n', { mode: 0o755 });
      env.PATH = `${bin}:${env.PATH}`;
    }
    this.#imagesBefore = (await ask("docker images --format '{{.Repository}}'")).output;
  }

  /** What a command does, whether it succeeds or not. */
  attempt(command: string, deadlineMs?: number, input?: string): Promise<Outcome> {
    return shell(command, {
      cwd: this.root,
      env: this.#env,
      ...(deadlineMs !== undefined && { deadlineMs }),
      ...(input !== undefined && { input }),
    });
  }

  /**
   * What a command that succeeds says.
   * @throws Error that quotes what it said instead
   */
  async run(command: string, deadlineMs?: number): Promise<string> {
    const { code, output } = await this.attempt(command, deadlineMs);
    if (code !== 0)
      throw new Error(`${command} ${code === null ? "hangs" : `ends with ${code}`}: ${excerpt(output)}`);
    return output;
  }

  /** Writes .env anew: nothing but these. */
  configure(settings: Readonly<Record<string, string>>): void {
    const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`);
    writeFileSync(join(this.root, ".env"), lines.join(""));
  }

  write(path: string, content: string, mode = 0o644): void {
    const file = join(this.root, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content, { mode });
  }

  /** A field of what Docker knows of a container, by a Go template. */
  async inspect(container: string, template: string): Promise<string> {
    return (await this.run(`docker inspect --format '${template}' ${container}`)).trim();
  }

  health(container: string): Promise<string> {
    return this.inspect(container, "{{.State.Health.Status}}");
  }

  /** Starts all, and waits for their health. @returns the seconds until then, without the building */
  async up(containers: readonly string[] = CONTAINERS): Promise<number> {
    await this.run("docker-compose build", BUILD_DEADLINE_MS);
    const started = performance.now();
    await this.run("docker-compose up -d --remove-orphans", 120_000);
    for (const name of containers) {
      await until(`${name} is healthy`, async () => (await this.health(name)) === "healthy", 60_000);
    }
    // A backend that was made anew has another address, which nginx learns within a second.
    const through = "docker exec chat-frontend curl -fsS http://127.0.0.1/api/health/ready";
    await until("nginx reaches the backend", async () => (await this.attempt(through)).code === 0, 30_000);
    return (performance.now() - started) / 1000;
  }

  async down(options = ""): Promise<void> {
    await this.run(`docker-compose down --remove-orphans ${options}`, 120_000);
  }

  /** Kills a container's process from outside, as a crash or the kernel would. */
  async crash(container: string, program: RegExp): Promise<void> {
    const processes = await this.run(`docker top ${container} -eo pid,args`);
    const lines = processes.split("\n").map((line) => /^\s*(\d+)\s+(.*)$/.exec(line));
    const pid = lines.find((line) => program.test(line?.[2] ?? ""))?.[1];
    if (pid === undefined) throw new Error(`${container} runs no ${program}: ${excerpt(processes)}`);
    // In a container that sees the processes of Docker's own machine, which may be a virtual one.
    await this.run(`docker run --rm --pid host --user 0 ${IMAGES[0]} bash -c "kill -9 ${pid}"`);
  }

  /** Removes all that the test made, images too unless they were there before. */
  async remove(): Promise<void> {
    if (this.root === "") return;
    await this.attempt("docker-compose down --volumes --remove-orphans", 120_000);
    const project = `--filter label=com.docker.compose.project=${basename(this.root)}`;
    // Those of overlays that are not in use any more, too.
    const { output: volumes } = await this.attempt(`docker volume ls -q ${project}`);
    if (volumes !== "") await this.attempt(`docker volume rm ${volumes.replaceAll("\n", " ")}`);
    const images = IMAGES.filter((name) => !this.#imagesBefore.split("\n").includes(name));
    if (images.length > 0) await this.attempt(`docker image rm ${images.join(" ")}`);
    const left = await this.attempt(`docker ps -aq ${project}; docker volume ls -q ${project}`);
    if (left.output !== "") throw new Error(`Left behind: ${left.output}`);
    rmSync(dirname(this.root), { recursive: true, force: true });
  }
}
