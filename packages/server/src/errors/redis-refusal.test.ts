import { expect, test } from "vitest";
import { storageUnavailable } from "./redis-refusal.ts";

test.each([
  [
    "NOPERM No permissions to access a key",
    /^The Redis user may not write .* Nothing was stored\. The operator/,
  ],
  [
    "OOM command not allowed when used memory > 'maxmemory'",
    /memory \(OOM\)\. Nothing was stored\. Try again/,
  ],
  [
    "Socket closed unexpectedly",
    /Nothing was stored, unless only its answer was lost or late\. .*`Idempotency-Key`/,
  ],
])("after %s, it says what is known of what was stored", (cause, message) => {
  expect(storageUnavailable(new Error(cause)).message).toMatch(message);
});
