import { expect, test } from "vitest";
import { runsTypeScript } from "./node-runtime.mjs";

test.each([
  ["v18.20.8", false],
  ["v22.17.1", false],
  ["v22.18.0", true],
  ["v23.5.0", false],
  ["v23.6.0", true],
  ["v24.0.0", true],
  ["v100.0.0", true],
])("%s runs the server's sources: %s", (version, expected) => {
  expect(runsTypeScript(version)).toBe(expected);
});
