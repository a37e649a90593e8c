import { afterAll, beforeAll, expect, test } from "vitest";
import { type Connection, connectNodeRedis } from "../../test/redis.ts";
import type { Script } from "../redis/script.ts";
import * as archive from "./archive.ts";
import * as blobs from "./blobs.ts";
import * as history from "./history.ts";
import * as ownerQuota from "./owner-quota.ts";
import * as search from "./search.ts";
import * as sessionIndex from "./session-index.ts";
import * as storage from "./storage.ts";
import * as turns from "./turns.ts";

const SCRIPTS = Object.entries({
  ...archive,
  ...blobs,
  ...history,
  ...ownerQuota,
  ...sessionIndex,
  ...search,
  ...storage,
  ...turns,
});

const BUILT_IN = "error function tonumber tostring type unpack ipairs pairs pcall if and or not while".split(
  " ",
);

let redis: Connection;
beforeAll(async () => {
  redis = await connectNodeRedis();
});
afterAll(() => redis.close());

test.each<[string, Script]>(SCRIPTS)(
  "Redis compiles %s and knows it by the same digest",
  async (_, script) => {
    expect(await redis.command("SCRIPT", "LOAD", script.source)).toBe(script.sha1);
  },
);

// Lua finds a function that no piece declares only when its line runs.
test.each<[string, Script]>(SCRIPTS)("%s calls only functions that it declares", (_, { source }) => {
  const branches = source.match(/-- branch\n.*?-- branch/gs) ?? [];
  const outside = source.replaceAll(/-- branch\n.*?-- branch/gs, "");
  expect(undeclared(outside, outside)).toEqual(new Set());
  for (const branch of branches) expect(undeclared(branch, outside + branch)).toEqual(new Set());
});

/** The functions that a piece calls and the code around it does not declare. */
function undeclared(piece: string, around: string): Set<string> {
  const declared = [
    ...withoutComments(around).matchAll(/\blocal (?:function )?([\w, ]+)|\((\w+(?:, \w+)*)\)/g),
  ].flatMap(([, names = "", parameters = ""]) => `${names},${parameters}`.split(/[, ]+/));
  const called = [...withoutComments(piece).matchAll(/(?<![.:\w'"%(])([a-z_]+)\(/g)].map(
    ([, name = ""]) => name,
  );
  return new Set(called).difference(new Set([...declared, ...BUILT_IN]));
}

const withoutComments = (code: string): string => code.replace(/--.*$/gm, "");
