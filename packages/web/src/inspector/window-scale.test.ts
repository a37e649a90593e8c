import { expect, test } from "vitest";
import { nearestStop, SMALLEST_WINDOW, windowStops } from "./window-scale.ts";

test.each([4096, 8192, 32_768, 400_000, 1_000_000])(
  "offers every stop up to %i by single steps",
  (largest) => {
    const stops = windowStops(largest);
    expect(stops[0]).toBe(SMALLEST_WINDOW);
    expect(stops.at(-1)).toBe(largest);
    expect(stops.length).toBeLessThan(70);
    for (const [index, stop] of stops.entries()) expect(nearestStop(stops, stop)).toBe(index);
    expect(stops.toSorted((a, b) => a - b)).toEqual(stops);
  },
);

test("begins with what people try", () => {
  expect(windowStops(4096).slice(0, 8)).toEqual([64, 80, 96, 112, 128, 160, 192, 224]);
});

test("shows the nearest stop for a window that is none", () => {
  expect(windowStops(4096)[nearestStop(windowStops(4096), 100)]).toBe(96);
});
