import { expect, test } from "vitest";
import { createTerminal } from "../../base/terminal.mjs";
import { createLogView } from "./log-view.ts";

/** What a terminal of 80 columns shows of these lines; the last is the live one. */
function shown(lines: object[]) {
  let written = "";
  const write = (text: string) => (written += text);
  const stream = { columns: 80, write } as unknown as NodeJS.WriteStream;
  const terminal = createTerminal({ stream, isTerminal: true, color: false });
  const view = createLogView({ terminal, level: 30, onReady: () => {} });
  for (const line of lines) view.show(JSON.stringify({ level: 30, time: 0, ...line }));
  const screen = written.split("\n").map((line) => line.split("\r\x1b[2K").pop());
  view.endBars();
  return screen;
}

const half = { msg: "Downloading", progress: { received_bytes: 245_700_032, total_bytes: 491_400_064 } };

test("a download is a bar that fits into 80 columns, its time too", () => {
  expect(shown([half]).at(-1)).toBe("  Model      [██████████──────────] 246 of 491 MB (50 %), 0.0 s");
});

test("the bar goes when the download has ended, however far it was", () => {
  const screen = shown([half, { msg: "It is stopped.", progress: null }]);
  expect(screen).toHaveLength(2);
  expect(screen[0]).toMatch(/It is stopped\.$/);
  expect(screen[1]).toBe("");
});

test("the bar stays below what else is logged meanwhile", () => {
  const screen = shown([half, { msg: "Mirror answered" }]);
  expect(screen[0]).toMatch(/Mirror answered$/);
  expect(screen[1]).toContain("246 of 491 MB");
});
