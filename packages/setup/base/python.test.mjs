import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { pipWay } from "./python.mjs";

/** Puts a python3 that prints this in front of the others, and beside it one that is called real. @param {string} text */
function pythonThatPrints(text) {
  const folder = mkdtempSync(join(tmpdir(), "python-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const [shim, real] = [join(folder, "python3"), join(folder, "real")];
  writeFileSync(shim, `#!/bin/sh\necho ${text.replace("REAL", real)}\n`);
  writeFileSync(real, "#!/bin/sh\n");
  for (const path of [shim, real]) chmodSync(path, 0o755);
  return { shim, real, env: { PATH: [folder, process.env.PATH].join(delimiter) } };
}

test("names the Python that a shim runs", async () => {
  const { real, env } = pythonThatPrints("REAL");
  expect(await pipWay(env)).toEqual({ kind: "pip", command: real });
});

test("names a Python that does not know its own path as it was found", async () => {
  const { shim, env } = pythonThatPrints("");
  expect(await pipWay(env)).toEqual({ kind: "pip", command: shim });
});
