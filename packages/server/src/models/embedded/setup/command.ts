import { spawn } from "node:child_process";
import { Writable } from "node:stream";
import { pipeline } from "node:stream/promises";

/** Enough of a program's last words to tell what went wrong. */
const TAIL_CHARS = 4_000;

interface CommandOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Ends the program at once when aborted. */
  readonly signal: AbortSignal;
  /** Where its output goes; its last words are kept where this is absent. */
  readonly output?: Writable;
}

interface CommandResult {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end. Rejects when it cannot be started (`ENOENT`: not installed) or was aborted. */
export async function runCommand(
  command: string,
  args: readonly string[],
  { env, cwd, signal, output }: CommandOptions,
): Promise<CommandResult> {
  signal.throwIfAborted();
  const child = spawn(command, args, {
    env,
    ...(cwd === undefined ? {} : { cwd }),
    stdio: ["ignore", "pipe", "pipe"],
    signal,
    killSignal: "SIGKILL",
    windowsHide: true,
  });
  const stdout = new Tail();
  const stderr = new Tail();
  const exited = new Promise<number | null>((resolve, reject) => {
    child.once("close", resolve);
    child.once("error", reject);
  });
  const [exitCode] = await Promise.all([
    exited,
    pipeline(child.stdout, output ?? stdout),
    pipeline(child.stderr, stderr),
  ]).catch((error) => {
    child.kill("SIGKILL");
    throw signal.aborted ? signal.reason : error;
  });
  return { exitCode, stdout: stdout.text, stderr: stderr.text };
}

class Tail extends Writable {
  text = "";

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.text = (this.text + chunk.toString("utf8")).slice(-TAIL_CHARS);
    done();
  }
}
