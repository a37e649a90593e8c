import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { docExamples, GUIDES, guideBlocks } from "./snippets.ts";

const require = createRequire(import.meta.url);
const tsc = join(dirname(require.resolve("typescript/package.json")), "bin/tsc");
// Inside the packages' folder, so that what is imported is found.
const cache = join(import.meta.dirname, "../../../node_modules/.cache");

let folder: string;
beforeAll(() => {
  mkdirSync(cache, { recursive: true });
  folder = mkdtempSync(join(cache, "memory-snippets-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("the guides, and the examples in the doc comments, compile", { timeout: 60_000 }, async () => {
  const { run, compileOnly } = guideBlocks("README.md");
  const turns = guideBlocks("TURNS.md").run;
  const examples = docExamples();
  expect(run.length).toBeGreaterThan(5);
  expect(examples.length).toBeGreaterThan(15);
  expect(turns.length).toBeGreaterThan(0);
  writeFileSync(join(folder, "guide.ts"), run.join("\n"));
  writeFileSync(join(folder, "guide-of-turns.ts"), turns.join("\n"));
  const imports = 'import { MessageHistory } from "@redis-memory-magic/memory";\n';
  writeFileSync(join(folder, "guide-compile-only.ts"), imports + compileOnly.join("\n"));
  for (const guide of GUIDES) {
    writeFileSync(join(folder, `guide-${guide}.ts`), guideBlocks(`guides/${guide}.md`).run.join("\n"));
  }
  for (const { name, source } of examples) {
    writeFileSync(join(folder, `${name.replace(/[/ ,]+/g, "-")}.ts`), source);
  }
  const options = { extends: "../../../tsconfig.json", include: ["*.ts"], exclude: [] };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(options));
  const compiled = await promisify(execFile)(process.execPath, [tsc, "-p", folder]).catch(
    (error: { stdout: string }) => error,
  );
  expect(compiled.stdout).toBe("");
});
