import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { freePort } from "../../../memory/test/free-port.ts";
import { serverBinary } from "../../../memory/test/servers.ts";
import { askRedis } from "./ask-redis.ts";
import { startPrivateRedis } from "./private-redis.ts";

test("takes another port when another Redis was faster on the one that was free", async () => {
  const folder = mkdtempSync(join(tmpdir(), "private-redis-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const binary = join(folder, "redis-server");
  const log = join(folder, "other.log");
  const other = `"${serverBinary()}" --port "$4" --save "" --dir "${folder}"`;
  writeFileSync(
    binary,
    `#!/bin/sh
if mkdir "${folder}/was-faster" 2>/dev/null; then
  ${other} >"${log}" & until grep -q "eady to accept" "${log}"; do sleep 0.05; done
fi
exec "${serverBinary()}" "$@"
`,
  );
  chmodSync(binary, 0o755);
  const data = join(folder, "data");
  const preferredPort = await freePort();
  const redis = await startPrivateRedis({ binary, folder: data, persistent: false, preferredPort });
  onTestFinished(redis.end);
  expect(redis.port).toBeGreaterThan(preferredPort);
  const { dir } = await askRedis(redis, (client) => client.configGet("dir"));
  expect(dir).toBe(data);
});
