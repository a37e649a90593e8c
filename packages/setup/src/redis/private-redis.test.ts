import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { serverBinary } from "../../../memory/test/servers.ts";
import { freePort } from "../../base/ports.mjs";
import { askRedis } from "./ask-redis.ts";
import { startPrivateRedis } from "./private-redis.ts";

test("takes another port when another Redis was faster on the one that was free", async () => {
  const folder = mkdtempSync(join(tmpdir(), "private-redis-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const binary = join(folder, "redis-server");
  const other = `"${serverBinary()}" --port "$4" --save "" --dir "${folder}"`;
  writeFileSync(
    binary,
    `#!/bin/sh
if mkdir "${folder}/was-faster" 2>/dev/null; then ${other} >/dev/null & sleep 0.5; fi
exec "${serverBinary()}" "$@"
`,
  );
  chmodSync(binary, 0o755);
  const data = join(folder, "data");
  const preferredPort = await freePort(20_000 + Math.floor(Math.random() * 10_000));
  const redis = await startPrivateRedis({ binary, folder: data, persistent: false, preferredPort });
  onTestFinished(redis.end);
  expect(redis.port).toBeGreaterThan(preferredPort);
  const { dir } = await askRedis(redis, (client) => client.configGet("dir"));
  expect(dir).toBe(data);
});
