import { messageOf, parseLogLine, renderLogLine } from "./log-line.mjs";

const FATAL = 60;

/**
 * Shows the server's log: short lines and a progress bar on a terminal, the JSON lines as they are elsewhere.
 * @param {object} options
 * @param {import("../setup/terminal.mjs").Terminal} options.terminal
 * @param {number} options.level what is below is not shown
 * @param {(line: import("./log-line.mjs").LogLine) => void} options.onReady called once
 */
export function createLogView({ terminal, level, onReady }) {
  let ready = false;
  let fatal = "";
  /** @type {import("../setup/terminal.mjs").Task | undefined} */
  let download;

  let bars = true;

  const endDownload = () => {
    download?.drop();
    download = undefined;
  };

  /** @param {import("./log-line.mjs").LogLine} line */
  const render = (line) => {
    if (line.progress) {
      if (!bars) return;
      const { received_bytes: done, total_bytes: total } = line.progress;
      download ??= terminal.task("Model");
      download.progress({ done, total, unit: "bytes" });
      return;
    }
    if (line.progress === null) endDownload();
    if (line.level < FATAL && line.msg !== "ready") terminal.line(renderLogLine(line, terminal.paint));
  };

  return {
    /** Why the server could not start, in its own words; empty when it said nothing. */
    fatal: () => fatal,
    isReady: () => ready,
    /** What ends has no progress to show. */
    endBars() {
      bars = false;
      endDownload();
    },
    /** @param {string} text */
    show(text) {
      const line = parseLogLine(text);
      const isShown = !line || line.level >= level;
      if (isShown && line && terminal.isTerminal) render(line);
      else if (isShown) terminal.line(text);
      if (line && line.level >= FATAL) fatal ||= messageOf(line);
      if (line?.msg === "ready" && !ready) {
        ready = true;
        onReady(line);
      }
    },
  };
}
