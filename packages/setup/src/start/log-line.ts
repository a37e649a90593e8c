/** A line of the server's log. */
export interface LogLine {
  /** pino's: 30 info, 40 warning, 50 error, 60 fatal. */
  readonly level: number;
  readonly msg: string;
  /** Milliseconds, or a date. */
  readonly time?: number | string;
  /** How far a download is; null: it has ended. */
  readonly progress?: { readonly received_bytes: number; readonly total_bytes: number } | null;
  /** Of the line `ready`. */
  readonly page?: string;
  /** Of the line `ready`. */
  readonly api?: string;
  readonly err?: { readonly message?: string };
}

const WARNING = 40;
// What every line has, or what is shown in a way of its own.
const NOT_SHOWN = new Set(["level", "time", "pid", "hostname", "msg", "err", "progress", "v", "name"]);

/** Undefined: it is no line of the log. */
export function parseLogLine(text: string): LogLine | undefined {
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
 */
export function renderLogLine(line: LogLine, paint: (code: number, text: string) => string): string {
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

/** What happened and, if it is known, why. */
export function messageOf({ msg, err }: LogLine): string {
  return err?.message && err.message !== msg ? `${msg}: ${err.message}` : msg;
}

/** Log lines can hold foreign text: nothing of it may steer the terminal. */
function visible(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, " ");
}

const LEVELS: Readonly<Record<string, number>> = {
  trace: 10,
  debug: 20,
  info: 30,
  warn: 40,
  error: 50,
  fatal: 60,
  silent: 100,
};
const INFO = 30;

/**
 * The server says at level info that it is ready, so it is run at that level at least; what is below the level that was
 * asked for is not shown.
 */
export function logLevels(wanted?: string): { ran: string | undefined; shown: number } {
  const shown = LEVELS[wanted || "info"];
  // Not a level: the server refuses it.
  if (shown === undefined) return { ran: wanted, shown: INFO };
  return { ran: shown > INFO ? "info" : wanted, shown };
}
