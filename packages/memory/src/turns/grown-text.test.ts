import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { grownText } from "./grown-text.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

test("a text of many pieces takes hardly more memory than its characters", () => {
  const pieces = Array.from({ length: 2000 }, (_, n) => `piece ${n} of the text `);
  const whole = pieces.join("");
  // So often that the code is optimized.
  const grow = () => Array.from({ length: 200 }, () => pieces.reduce(grownText, ""));
  grow();
  collectGarbage();
  const before = process.memoryUsage().heapUsed;
  const texts = grow();
  collectGarbage();
  const bytes = (process.memoryUsage().heapUsed - before) / texts.length;
  expect(new Set(texts)).toEqual(new Set([whole]));
  expect(bytes).toBeLessThan(1.2 * whole.length);
});
