import { expect, test } from "vitest";
import { SMALLEST_WINDOW, sliderPosition, windowAt } from "./window-scale.ts";

test.each([4096, 8192, 32_768, 400_000, 1_000_000])(
  "a window of %i: from end to end, always larger",
  (largest) => {
    expect(windowAt(0, largest)).toBe(SMALLEST_WINDOW);
    expect(windowAt(100, largest)).toBe(largest);
    for (let position = 1; position <= 100; position++) {
      expect(windowAt(position, largest)).toBeGreaterThanOrEqual(windowAt(position - 1, largest));
      expect(Math.abs(sliderPosition(windowAt(position, largest), largest) - position)).toBeLessThanOrEqual(
        2,
      );
    }
  },
);

test("ends the scale at a window that is smaller than it", () => {
  expect(sliderPosition(32, 32)).toBe(100);
});
