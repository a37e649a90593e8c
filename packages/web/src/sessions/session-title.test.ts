import type { Session } from "@redis-memory-magic/protocol";
import { expect, test } from "vitest";
import { singleEntries } from "./list-entries.ts";
import { groupByDay, searchSessions, titleOf } from "./session-title.ts";

const session = (title: string | null, updated_at = "2026-11-23T12:00:00.000Z") =>
  ({ id: title ?? "", title, updated_at }) as Session;

test("names a session without a title", () => {
  expect(titleOf(session(null))).toBe("Untitled session");
  expect(titleOf(session("  "))).toBe("Untitled session");
  expect(titleOf(session("Pizza"))).toBe("Pizza");
});

test("finds titles that contain all words in any order", () => {
  const sessions = [session("Pizza night planning"), session("Night shift"), session(null)];
  expect(searchSessions(sessions, "night PIZZA").map(({ title }) => title)).toEqual(["Pizza night planning"]);
  expect(searchSessions(sessions, "night")).toHaveLength(2);
  expect(searchSessions(sessions, "  ")).toHaveLength(3);
  expect(searchSessions(sessions, "untitled")).toHaveLength(1);
});

test("groups by the user's days, without empty groups", () => {
  const noon = new Date(2026, 10, 23, 12).getTime();
  const hoursAgo = (hours: number) => session(`${hours}`, new Date(noon - hours * 3_600_000).toISOString());
  const used = singleEntries([hoursAgo(1), hoursAgo(11), hoursAgo(13), hoursAgo(100)]);
  const groups = groupByDay(used, noon);
  expect(groups.map(({ day, entries }) => [day, entries.length])).toEqual([
    ["today", 2],
    ["yesterday", 1],
    ["earlier", 1],
  ]);
  expect(groupByDay([], noon)).toEqual([]);
});
