import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { freePort } from "./free-port.ts";

/** Prints a free port in a process whose id leads to the same range as this one's. */
const OF_ANOTHER = `
  Object.defineProperty(process, "pid", { value: ${process.pid} });
  const { freePort } = await import(process.argv[1]);
  console.log(await freePort());
`;

test("gives no port of another process' range, and none twice in a row", async () => {
  const own = await Promise.all([freePort(), freePort(), freePort()]);
  const args = ["--input-type=module", "--eval", OF_ANOTHER, import.meta.resolve("./free-port.ts")];
  const other = Number((await promisify(execFile)(process.execPath, args)).stdout);
  expect(new Set(own).size).toBe(3);
  expect(other).toBeGreaterThan(15_000);
  const rangeOf = (port: number) => Math.floor(port / 100);
  expect(rangeOf(other)).not.toBe(rangeOf(own[0] ?? 0));
});
