import type { Session } from "@redis-memory-magic/protocol";
import { expect, test } from "vitest";
import { groupOf, newGroup, newSessionIdIn } from "../chat/state/session-id.ts";
import { listEntries, singleEntries } from "./list-entries.ts";

const session = (id: string, root_id: string | null = null) => ({ id, root_id }) as Session;
const shown = (...sessions: Session[]) =>
  listEntries(sessions).map(({ kind, sessions }) => [kind, sessions.map(({ id }) => id)]);

test("has one entry for the branches of a conversation, where it was used last", () => {
  expect(shown(session("branch", "first"), session("other"), session("first"))).toEqual([
    ["branches", ["branch", "first"]],
    ["session", ["other"]],
  ]);
  // Its other branches have expired.
  expect(shown(session("branch", "first"))).toEqual([["session", ["branch"]]]);
});

test("has one entry for the sessions of a tour and of a comparison, with their branches", () => {
  const [tour, other] = [newGroup("tour"), newGroup("compare")];
  const [a, b, c, d] = [tour, tour, other, other].map(newSessionIdIn) as [string, string, string, string];
  expect(groupOf(a)).toBe(tour);
  expect(groupOf("session_1732264800000_k3j9x2m1q")).toBeNull();
  expect(shown(session(a), session(c), session("branch", c), session(b), session(d))).toEqual([
    ["tour", [a, b]],
    ["compare", [c, "branch", d]],
  ]);
  expect(shown(session(a))).toEqual([["session", [a]]]);
});

test("lists each session alone for a search", () => {
  expect(singleEntries([session("branch", "first"), session("first")]).map(({ key }) => key)).toEqual([
    "branch",
    "first",
  ]);
});
