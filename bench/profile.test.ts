import { expect, test } from "vitest";
import { type Spent, topPlaces, topShares } from "./profile.ts";

const spent = (functionName: string, url: string, amount: number): Spent => [{ functionName, url }, amount];

test("sums what functions spent by package, by folder of ours and by part of Node.js", () => {
  const top = topPlaces([
    spent("request", "file:///app/node_modules/undici/lib/dispatcher/pool.js", 20),
    spent("parse", "file:///app/node_modules/undici/lib/llhttp.js", 10),
    spent("send", "file:///app/node_modules/a/node_modules/@redis/client/dist/index.js", 20),
    spent("relay", "file:///app/packages/server/src/chat/relay.ts", 15),
    spent("compose", "file:///app/packages/server/src/compose.ts", 5),
    spent("emit", "node:events", 14),
    spent("writev", "", 10),
    spent("(garbage collector)", "", 6),
  ]);
  expect(top).toEqual([
    "undici 30 %",
    "@redis/client 20 %",
    "server/chat 15 %",
    "Node.js 14 %",
    "native code, system calls 10 %",
    "garbage collection 6 %",
    "server 5 %",
  ]);
});

test("names only the places where most was spent", () => {
  const all = ["a", "b", "c"].map((name, n) => spent("f", `file:///node_modules/${name}/index.js`, n + 1));
  expect(topPlaces(all, 2)).toEqual(["c 50 %", "b 33 %"]);
});

test("adds up what has the same name", () => {
  expect(
    topShares([
      ["heap", 1],
      ["program", 6],
      ["heap", 3],
    ]),
  ).toEqual(["program 60 %", "heap 40 %"]);
});
