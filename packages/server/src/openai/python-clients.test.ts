import { execFile, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { test } from "vitest";
import { startWithSdk } from "./sdk.fixture.ts";

const python = process.env.TEST_PYTHON ?? "python3";
const script = fileURLToPath(new URL("./python-clients.fixture.py", import.meta.url));
const has = (module: string) => spawnSync(python, ["-c", `import ${module}`]).status === 0;

/** The packages and the modules that they are imported by. */
const CLIENTS = [
  ["openai-python", "openai"],
  ["openai-agents for Python", "agents"],
] as const;

for (const [name, module] of CLIENTS) {
  test.skipIf(!has(module))(
    `${name} is served as by OpenAI (skipped where it is not installed)`,
    { timeout: 300_000 },
    async () => {
      const { baseURL } = await startWithSdk();
      await promisify(execFile)(python, [script, baseURL, module]);
    },
  );
}
