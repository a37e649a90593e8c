import type { Task, Terminal } from "../../base/terminal.mjs";
import { type LogLine, messageOf, parseLogLine, renderLogLine } from "./log-line.ts";

const FATAL = 60;

interface LogViewOptions {
  readonly terminal: Terminal;
  /** What is below is not shown. */
  readonly level: number;
  /** Called once. */
  readonly onReady: (line: LogLine) => void;
}

/** Shows the server's log: short lines and a progress bar on a terminal, the JSON lines as they are elsewhere. */
export function createLogView({ terminal, level, onReady }: LogViewOptions) {
  let ready = false;
  let fatal = "";
  let download: Task | undefined;
  let bars = true;

  const endDownload = (): void => {
    download?.drop();
    download = undefined;
  };

  const render = (line: LogLine): void => {
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
    fatal: (): string => fatal,
    isReady: (): boolean => ready,
    /** What ends has no progress to show. */
    endBars(): void {
      bars = false;
      endDownload();
    },
    show(text: string): void {
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
