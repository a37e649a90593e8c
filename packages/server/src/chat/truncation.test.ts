import { expect, test } from "vitest";
import { findTruncation } from "./truncation.ts";

const reading = {
  counted: 0,
  estimated: true,
  read: null as number | null,
  output: 10 as number | null,
  window: null as number | null,
  largestMessage: 60,
};

test.each([
  ["no report", { counted: 700, read: null }, undefined],
  ["all was read", { counted: 700, read: 690, window: 4096 }, undefined],
  ["more was counted than the window holds", { counted: 748, read: 489, window: 512 }, "prompt_cut"],
  [
    "far more was read than estimated, near the window's end",
    { counted: 344, read: 479, window: 512 },
    "prompt_cut",
  ],
  ["the estimate was too high, and space was left", { counted: 620, read: 290, window: 4096 }, undefined],
  ["half was read, and the window is not known", { counted: 1125, read: 485 }, "prompt_cut"],
  ["a little less was read than estimated", { counted: 420, read: 370 }, undefined],
  ["a little more was read than estimated", { counted: 380, read: 390, window: 512 }, undefined],
  ["an exact count is far off", { counted: 1000, read: 800, estimated: false }, "prompt_cut"],
  ["the answer outgrew the window", { counted: 380, read: 380, output: 531, window: 512 }, "window_outgrown"],
  ["prompt and answer just fit", { counted: 380, read: 380, output: 132, window: 512 }, undefined],
])("%s", (_, some, reason) => {
  expect(findTruncation({ ...reading, ...some })?.reason).toBe(reason);
});
