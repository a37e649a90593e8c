/**
 * A line of the server's log.
 * @typedef {object} LogLine
 * @property {number} level pino's: 30 info, 40 warning, 50 error, 60 fatal
 * @property {string} msg
 * @property {number | string} [time] milliseconds, or a date
 * @property {{ received_bytes: number, total_bytes: number } | null} [progress] how far a download is; null: it has ended
 * @property {string} [page] of the line `ready`
 * @property {string} [api] of the line `ready`
 * @property {{ message?: string }} [err]
 */

const WARNING = 40;
// What every line has, or what is shown in a way of its own.
const NOT_SHOWN = new Set(["level", "time", "pid", "hostname", "msg", "err", "progress", "v", "name"]);

/**
 * @param {string} text
 * @returns {LogLine | undefined} undefined: it is no line of the log
 */
export function parseLogLine(text) {
  if (!text.startsWith("{")) return undefined;
  try {
    const line = JSON.parse(text);
    return typeof line.level === "number" && typeof line.msg === "string" ? line : undefined;
  } catch {
    return undefined;
  }
}

/**
 * For people: `14:03:05  Mirror answered a stateful turn: completed`, with its fields when it is a warning or worse.
 * @param {LogLine} line
 * @param {(code: number, text: string) => string} paint
 */
export function renderLogLine(line, paint) {
  const time = new Date(line.time ?? Date.now()).toTimeString().slice(0, 8);
  const color = line.level >= 50 ? 31 : line.level >= WARNING ? 33 : 0;
  const fields =
    line.level < WARNING
      ? []
      : Object.entries(line)
          .filter(
            ([name, value]) => !NOT_SHOWN.has(name) && ["string", "number", "boolean"].includes(typeof value),
          )
          .map(([name, value]) => `${name}=${value}`);
  return [paint(2, time), paint(color, visible(messageOf(line))), paint(2, visible(fields.join(" ")))]
    .filter(Boolean)
    .join("  ")
    .trimEnd();
}

/** What happened and, if it is known, why. @param {LogLine} line */
export function messageOf({ msg, err }) {
  return err?.message && err.message !== msg ? `${msg}: ${err.message}` : msg;
}

/** Log lines can hold what others wrote: nothing of it may steer the terminal. @param {string} text */
function visible(text) {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, " ");
}

/** @type {Record<string, number>} */
const LEVELS = { trace: 10, debug: 20, info: 30, warn: 40, error: 50, fatal: 60, silent: 100 };
const INFO = 30;

/**
 * The server says at level info that it is ready, so it is run at that level at least; what is below the level that was
 * asked for is not shown.
 * @param {string} [wanted] LOG_LEVEL
 * @returns {{ ran: string | undefined, shown: number }}
 */
export function logLevels(wanted) {
  const shown = LEVELS[wanted || "info"];
  // Not a level: the server refuses it.
  if (shown === undefined) return { ran: wanted, shown: INFO };
  return { ran: shown > INFO ? "info" : wanted, shown };
}
