import { expect, test } from "vitest";
import { AppError } from "../errors/app-error.ts";
import { VerifiedCache } from "./verified-cache.ts";

function start() {
  let now = 0;
  let reads = 0;
  let answer: string | null | Error = "value";
  const cache = new VerifiedCache<string>(() => now);
  return {
    get: () =>
      cache.get("id", async () => {
        reads++;
        if (answer instanceof Error) throw answer;
        return answer;
      }),
    reads: () => reads,
    later: (ms: number) => {
      now += ms;
    },
    answers: (next: string | null | Error) => {
      answer = next;
    },
  };
}

const away = new AppError("storage_unavailable", "away");

test("what Redis has just said is not asked again, and a revocation is seen a second later", async () => {
  const { get, reads, later, answers } = start();
  expect([await get(), await get()]).toEqual(["value", "value"]);
  expect(reads()).toBe(1);
  answers(null);
  later(1001);
  expect(await get()).toBeNull();
});

test("while Redis is away, what it said is believed for 30 s, and no longer", async () => {
  const { get, later, answers } = start();
  await get();
  answers(away);
  for (let second = 1; second <= 29; second++) {
    later(1000);
    expect(await get()).toBe("value");
  }
  later(1000);
  await expect(get()).rejects.toBe(away);
  answers("value");
  expect(await get()).toBe("value");
});

test("what was never verified is not believed", async () => {
  const { get, answers } = start();
  answers(away);
  await expect(get()).rejects.toBe(away);
});

test("an error that is not Redis' absence is believed to be one", async () => {
  const { get, later, answers } = start();
  await get();
  later(1001);
  answers(new Error("bug"));
  await expect(get()).rejects.toThrow("bug");
});
