import { sessionId } from "@redis-memory-magic/protocol";
import { expect, test } from "vitest";
import { isSessionId, newSessionId, randomBase36 } from "./session-id.ts";

test("makes session ids in the original's format", () => {
  expect(newSessionId(1_732_264_800_000)).toMatch(/^session_1732264800000_[0-9a-z]{9}$/);
  expect(newSessionId()).toMatch(/^session_\d{13}_[0-9a-z]{9}$/);
});

test("makes different ids of all characters", () => {
  const ids = Array.from({ length: 500 }, () => randomBase36(9));
  expect(new Set(ids).size).toBe(500);
  expect(new Set(ids.join("")).size).toBe(36);
});

test.each([
  "session_1_a",
  "наша",
  "a".repeat(128),
  "a b",
  "",
  ".",
  "..",
  "a".repeat(129),
  "a\nb",
  "\u0085",
  "\ud800",
])("accepts the ids that the server accepts: %j", (id) =>
  expect(isSessionId(id)).toBe(sessionId.safeParse(id).success),
);
