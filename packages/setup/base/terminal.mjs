/**
 * What the person sees: one line for each finished step, and on a terminal one live line below them.
 * Elsewhere (CI, a file) the live line is a plain line every few seconds.
 * @typedef {{ done: number, total: number, unit: "bytes" | string }} Progress
 * @typedef {ReturnType<typeof createTerminal>} Terminal
 * @typedef {ReturnType<Terminal["task"]>} Task
 */

const LIVE_MS = 200;
const PLAIN_MS = 5_000;
const NAME_WIDTH = 10;

/** @param {{ stream?: NodeJS.WriteStream, isTerminal?: boolean, color?: boolean, nameWidth?: number }} [options] */
export function createTerminal(options = {}) {
  const stream = options.stream ?? process.stdout;
  const isTerminal = options.isTerminal ?? Boolean(stream.isTTY);
  const color = options.color ?? (isTerminal && !process.env.NO_COLOR);
  const nameWidth = options.nameWidth ?? NAME_WIDTH;
  let live = "";

  /** @param {string} text */
  const drawLive = (text) => {
    if (!isTerminal || text === live) return;
    live = text;
    stream.write(`\r\x1b[2K${text}`);
  };

  /** @param {string} text */
  const line = (text) => {
    if (!live) {
      stream.write(`${text}\n`);
      return;
    }
    stream.write(`\r\x1b[2K${text}\n${live}`);
  };

  /** @param {number} code @param {string} text */
  const paint = (code, text) => (color && code && text ? `\x1b[${code}m${text}\x1b[0m` : text);

  /** One live line at a time: a step, or a download that goes on beside the server. @param {string} name */
  const task = (name) => {
    const startedAt = Date.now();
    let detail = () => "";
    const title = `  ${name.padEnd(nameWidth)} `;
    const elapsed = () => duration(Date.now() - startedAt);
    const show = () => {
      const what = detail();
      const text = `${title}${what}${what ? ", " : ""}${elapsed()}`;
      if (isTerminal) drawLive(truncate(text, stream.columns || 80));
      else line(text);
    };
    const timer = setInterval(show, isTerminal ? LIVE_MS : PLAIN_MS);
    timer.unref();

    const end = () => {
      clearInterval(timer);
      drawLive("");
    };

    return {
      elapsed,
      /** What is being done right now. @param {string} text */
      say(text) {
        detail = () => text;
        if (isTerminal) show();
      },
      /** What is being done, from now on, asked for whenever it is shown. @param {() => string} describe */
      watch(describe) {
        detail = describe;
      },
      /** @param {Progress} progress */
      progress(progress) {
        const text = progressText(progress, isTerminal);
        detail = () => text;
        if (isTerminal) show();
      },
      /** @param {string} text */
      done(text) {
        end();
        line(`${paint(32, "✓")} ${title.slice(2)}${text}`);
      },
      /** @param {string} text */
      failed(text) {
        end();
        line(`${paint(31, "✗")} ${title.slice(2)}${text}`);
      },
      /** Ends without a line. */
      drop: end,
    };
  };

  /** What a person should know about a step. @param {string} name @param {string} text */
  const note = (name, text) => line(`  ${name.padEnd(nameWidth)} ${text}`);

  return { isTerminal, line, note, paint, task };
}

/**
 * `[████──────] 41 of 100 packages`, or without the bar where it would be drawn again and again.
 * @param {Progress} progress
 * @param {boolean} bar
 */
export function progressText({ done, total, unit }, bar) {
  const share = total > 0 ? Math.min(1, Math.max(0, done / total)) : 0;
  const filled = Math.floor(share * 20);
  const drawn = bar ? `[${"█".repeat(filled)}${"─".repeat(20 - filled)}] ` : "";
  const percent = `${Math.floor(share * 100)} %`;
  if (unit === "bytes") return `${drawn}${megabytes(done)} of ${megabytes(total)} MB (${percent})`;
  return `${drawn}${done} of ${total} ${unit}`;
}

/** @param {number} bytes */
function megabytes(bytes) {
  return bytes < 10e6 ? (bytes / 1e6).toFixed(1) : Math.round(bytes / 1e6).toString();
}

/** `0.3 s`, `12 s`, `2 min 5 s`. @param {number} ms */
export function duration(ms) {
  if (ms < 10_000) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** A live line that wraps could not be erased. @param {string} text @param {number} columns */
function truncate(text, columns) {
  return text.length < columns ? text : `${text.slice(0, Math.max(0, columns - 2))}…`;
}
