import type { ImportProgress } from "../src/index.ts";

const WIDTH = 24;
const TERMINAL_EVERY_MS = 100;
const LINE_EVERY_MS = 5_000;

/** Shows how far an import is: a bar on a terminal, elsewhere a line every few seconds. */
export class ProgressLine {
  readonly #output: NodeJS.WriteStream;
  #shownAt = Number.NEGATIVE_INFINITY;

  constructor(output: NodeJS.WriteStream) {
    this.#output = output;
  }

  show(progress: ImportProgress): void {
    const now = performance.now();
    if (now - this.#shownAt < (this.#output.isTTY ? TERMINAL_EVERY_MS : LINE_EVERY_MS)) return;
    this.#shownAt = now;
    const { sessions, ofSessions, added } = progress;
    const text = `${sessions} of ${ofSessions} sessions, ${added} messages added`;
    if (this.#output.isTTY) {
      const full = Math.round((WIDTH * sessions) / Math.max(ofSessions, 1));
      this.#output.write(`\r[${"#".repeat(full)}${"-".repeat(WIDTH - full)}] ${text}\x1b[K`);
    } else {
      this.#output.write(`${text}\n`);
    }
  }

  /** Takes the bar away. */
  end(): void {
    if (this.#output.isTTY) this.#output.write("\r\x1b[K");
  }
}
