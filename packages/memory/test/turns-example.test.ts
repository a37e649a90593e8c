import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { testRedisUrl } from "./redis.ts";

test("the example of the guide to turns does what the guide says", async () => {
  const file = fileURLToPath(new URL("../examples/turns.ts", import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [file], {
    env: { ...process.env, REDIS_URL: testRedisUrl() },
  });
  expect(stdout.trim().split("\n")).toEqual([
    "The model is sent 1 message.",
    "A reader saw it end as completed: One that a crash cannot take back.",
    "A late reader saw it end as completed: that a crash cannot take back.",
    "completed, 2 messages in the session.",
    "Asked again: replay.",
  ]);
});
