import { expect, test } from "vitest";
import { type Branch, branchPoints, indexOfMessage } from "./branches.ts";

let minute = 0;
function session(id: string, forkedFrom?: [parent: string, place: number], root = "root"): Branch {
  minute += 1;
  const at = new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString();
  return {
    id,
    created_at: at,
    updated_at: at,
    root_id: forkedFrom === undefined ? null : root,
    forked_from:
      forkedFrom === undefined
        ? null
        : { session_id: forkedFrom[0], message_id: `0123abcd-${forkedFrom[1]}` },
  };
}
const points = (sessions: Branch[], id: string) => Object.fromEntries(branchPoints(sessions, id));

test("reads a message's index from its id", () => {
  expect(indexOfMessage("e02bfb37-12")).toBe(12);
  expect(indexOfMessage("given by a caller")).toBeNull();
});

test("finds no branches for a session without forks or an unknown one", () => {
  expect(points([session("root"), session("other")], "root")).toEqual({});
  expect(points([session("root")], "nowhere")).toEqual({});
});

test("gives an edited message two branches, in both sessions", () => {
  const family = [session("root"), session("edit", ["root", 2])];
  expect(points(family, "root")).toEqual({ 2: { options: ["root", "edit"], current: 0 } });
  expect(points(family, "edit")).toEqual({ 2: { options: ["root", "edit"], current: 1 } });
});

test("gives a message that was edited twice three branches", () => {
  const family = [session("root"), session("edit", ["root", 2]), session("again", ["edit", 2])];
  for (const [current, id] of ["root", "edit", "again"].entries()) {
    expect(points(family, id)).toEqual({ 2: { options: ["root", "edit", "again"], current } });
  }
});

test("finds branches of branches at their own indexes", () => {
  const family = [
    session("root"),
    session("a", ["root", 2]),
    session("b", ["a", 6]),
    session("c", ["root", 0]),
  ];
  expect(points(family, "b")).toEqual({
    // At index 2, a and b have the same message, so b represents both.
    2: { options: ["root", "b"], current: 1 },
    6: { options: ["a", "b"], current: 1 },
    0: { options: ["b", "c"], current: 0 },
  });
  expect(points(family, "root")[2]?.options).toEqual(["root", "b"]);
});

test("orders branches the same in every session", () => {
  const family = [
    session("root"),
    session("a", ["root", 2]),
    session("b", ["root", 2]),
    session("a2", ["a", 4]),
  ];
  expect(points(family, "root")[2]?.options).toEqual(["root", "a2", "b"]);
  expect(points(family, "a")[2]?.options).toEqual(["root", "a", "b"]);
  expect(points(family, "b")[2]?.options).toEqual(["root", "a2", "b"]);
});

test("leaves out an expired parent and still relates its forks", () => {
  const family = [session("a", ["root", 2]), session("b", ["root", 2]), session("c", ["root", 4])];
  expect(points(family, "a")).toEqual({ 2: { options: ["a", "b", "c"], current: 0 } });
});

test("ends for forks in a circle", () => {
  const family = [session("x", ["y", 2], "x"), session("y", ["x", 2], "x")];
  expect(() => branchPoints(family, "x")).not.toThrow();
});
