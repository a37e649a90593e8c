import { expect, test } from "vitest";
import { Occurrences } from "./occurrences.ts";

test("finds the items of each hash while the index grows", () => {
  const index = { hashes: [] as number[], ends: [] as number[] };
  const occurrences = new Occurrences(index);
  const list = new Int32Array(5000);
  const found = (hash: number): number[] => [...list.slice(1, occurrences.write(hash, list, 1))];
  const expected = new Map<number, number[]>();
  let seed = 1;
  const random = (below: number): number => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed % below;
  };
  for (let item = 0; item < 600; item++) {
    // Some items have no hashes, and some hashes share their lowest bits.
    for (let left = random(8); left > 0; left--) {
      const hash = random(12) * 4096 + random(3);
      index.hashes.push(hash);
      expected.set(hash, [...(expected.get(hash) ?? []), item]);
    }
    index.ends.push(index.hashes.length);
    if (item % 20 !== 0) continue;
    for (const [hash, items] of expected) expect(found(hash)).toEqual(items);
  }
  expect(found(99)).toEqual([]);
});
