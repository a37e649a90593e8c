import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";

export interface ResultPage {
  readonly title: string;
  /** What writes the page, as a reader would type it. */
  readonly command: string;
  /** What was used besides Node.js, such as "Redis 7.0.15". */
  readonly software: readonly string[];
  /** What was measured, in Markdown. */
  readonly body: string;
}

/** Writes a page of docs/results. Its head says which command, commit and machine the figures come from. */
export function writeResultPage(file: string, { title, command, software, body }: ResultPage): void {
  writeFileSync(
    file,
    `# ${title}

Measured by \`${command}\`. Do not edit: run the command again.

| commit | day (UTC) | machine | software |
|---|---|---|---|
| ${commit()} | ${new Date().toISOString().slice(0, 10)} | ${machine()} | ${[`Node.js ${process.versions.node}`, ...software].join(", ")} |

${body.trim()}
`,
  );
  console.error(`Written: ${file}`);
}

const machine = (): string =>
  `${cpus().length} cores (${cpus()[0]?.model.trim()}), ${Math.round(totalmem() / 2 ** 30)} GiB of memory`;

function commit(): string {
  const git = (...args: string[]): string =>
    execFileSync("git", args, { cwd: import.meta.dirname, encoding: "utf8" }).trim();
  try {
    const changes = git("status", "--porcelain", "--untracked-files=no", ":/", ":(exclude,top)docs");
    return git("rev-parse", "--short=10", "HEAD") + (changes === "" ? "" : ", with changes");
  } catch {
    // An archive of the sources has no history.
    return "unknown";
  }
}

/**
 * Prints a run's lines as they come. With `--write` among the command's arguments, `save` makes a page of them.
 */
export class ResultPrinter {
  readonly #lines: string[] = [];

  readonly print = (...lines: string[]): void => {
    for (const line of lines) console.log(line);
    this.#lines.push(...lines);
  };

  /**
   * @param name the file's name in docs/results, without `.md`
   * @param options what the command was given besides `--write`
   */
  save({
    name,
    script,
    options = [],
    ...page
  }: Omit<ResultPage, "body" | "command"> & {
    name: string;
    script: string;
    options?: readonly string[];
  }): void {
    if (!process.argv.includes("--write")) return;
    const file = join(import.meta.dirname, `${name}.md`);
    const command = ["npm run", script, "--", ...options, "--write"].join(" ");
    writeResultPage(file, { ...page, command, body: this.#lines.join("\n") });
  }
}
