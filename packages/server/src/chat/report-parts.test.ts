import { expect, test } from "vitest";
import { apportion } from "./report-parts.ts";

test.each([
  [[10, 20], 30, [10, 20]],
  [[10, 20], 31, [10, 21]],
  [[1, 1, 1], 10, [3, 3, 4]],
  [[0, 0], 5, [0, 5]],
  [[], 5, []],
])("scales the tokens %j to %i", (tokens, counted, scaled) => {
  const entries = tokens.map((tokens) => ({ tokens }));
  expect(apportion(entries, counted).map(({ tokens }) => tokens)).toEqual(scaled);
});
