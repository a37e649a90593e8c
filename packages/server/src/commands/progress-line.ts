const TERMINAL_EVERY_MS = 200;
const LINE_EVERY_MS = 5_000;

/** Shows beside a command's output how far it is: a line that changes on a terminal, elsewhere one every few seconds. */
export class ProgressLine {
  readonly #output: NodeJS.WriteStream;
  #shownAt = performance.now();

  constructor(output: NodeJS.WriteStream = process.stderr) {
    this.#output = output;
  }

  show(text: () => string): void {
    const now = performance.now();
    if (now - this.#shownAt < (this.#output.isTTY ? TERMINAL_EVERY_MS : LINE_EVERY_MS)) return;
    this.#shownAt = now;
    this.#output.write(this.#output.isTTY ? `\r${text()}\x1b[K` : `${text()}\n`);
  }

  /** Takes it away. */
  end(): void {
    if (this.#output.isTTY) this.#output.write("\r\x1b[K");
  }
}
