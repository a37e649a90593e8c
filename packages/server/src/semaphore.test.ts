import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, test } from "vitest";
import { Semaphore } from "./semaphore.ts";

const never = new AbortController().signal;
const full = new Error("full");

const semaphore = (permits: number, maxWaiting: number) => new Semaphore(permits, maxWaiting, () => full);

test("admits as many as it has permits, in the order of arrival", async () => {
  const one = semaphore(1, 8);
  const order: string[] = [];
  const visit = async (name: string) => {
    const release = await one.acquire(never);
    order.push(`${name} in`);
    await nextTurn();
    order.push(`${name} out`);
    release();
  };
  await Promise.all(["a", "b", "c"].map(visit));
  expect(order).toEqual(["a in", "a out", "b in", "b out", "c in", "c out"]);
});

test("counts holders and waiters", async () => {
  const two = semaphore(2, 8);
  const releases = [await two.acquire(never), await two.acquire(never)];
  const third = two.acquire(never);
  expect([two.held, two.waiting]).toEqual([2, 1]);
  releases[0]?.();
  (await third)();
  expect([two.held, two.waiting]).toEqual([1, 0]);
});

test("releases a permit once, however often release is called", async () => {
  const one = semaphore(1, 8);
  const release = await one.acquire(never);
  release();
  release();
  await one.acquire(never);
  const second = one.acquire(never);
  expect([one.held, one.waiting]).toEqual([1, 1]);
  release();
  expect(one.waiting).toBe(1);
  void second;
});

test("passes a permit to the first waiter before a later caller can take it", async () => {
  const one = semaphore(1, 8);
  const release = await one.acquire(never);
  const order: string[] = [];
  const second = one.acquire(never).then((next) => {
    order.push("second");
    return next;
  });
  release();
  const third = one.acquire(never).then(() => order.push("third"));
  (await second)();
  await third;
  expect(order).toEqual(["second", "third"]);
});

test("rejects when the queue is full", async () => {
  const one = semaphore(1, 1);
  await one.acquire(never);
  void one.acquire(never);
  await expect(one.acquire(never)).rejects.toBe(full);
});

test("removes a waiter whose signal is aborted", async () => {
  const one = semaphore(1, 1);
  const release = await one.acquire(never);
  const reason = new Error("aborted");
  const abort = new AbortController();
  const waiting = one.acquire(abort.signal);
  abort.abort(reason);
  await expect(waiting).rejects.toBe(reason);
  const next = one.acquire(never);
  release();
  await next;
  await expect(one.acquire(AbortSignal.abort(reason))).rejects.toBe(reason);
});
