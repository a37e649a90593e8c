import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { FakeServer, FakeServerOptions } from "./fake-server.ts";
import type { Scenario } from "./scenario.ts";

/**
 * Starts a fake when its file is run: `node openai.ts --port 0 --scenario '{"words": 50}'`. Prints its URL as
 * the only line, keeps no requests (but the newest `--keep`), and ends with SIGTERM.
 */
export async function runAsScript(
  moduleUrl: string,
  start: (options: FakeServerOptions) => Promise<FakeServer & { url: string }>,
): Promise<void> {
  if (process.argv[1] !== fileURLToPath(moduleUrl)) return;
  const { values } = parseArgs({
    options: { port: { type: "string" }, scenario: { type: "string" }, keep: { type: "string" } },
  });
  const fake = await start({
    port: Number(values.port ?? 0),
    scenario: JSON.parse(values.scenario ?? "{}") as Scenario,
    keep: Number(values.keep ?? 0),
  });
  console.log(fake.url);
  process.once("SIGTERM", () => void fake.close());
  process.once("SIGINT", () => void fake.close());
}
