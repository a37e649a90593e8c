import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import { Queue } from "./queue.ts";

const never = new AbortController().signal;

test("lets one in at a time, in the order of arrival", async () => {
  const queue = new Queue(8);
  const order: string[] = [];
  const visit = async (name: string) => {
    const leave = await queue.enter(never);
    order.push(`${name} in`);
    await turn();
    order.push(`${name} out`);
    leave();
    leave();
  };
  await Promise.all(["a", "b", "c"].map(visit));
  expect(order).toEqual(["a in", "a out", "b in", "b out", "c in", "c out"]);
});

test("nobody slips in while the place is handed over", async () => {
  const queue = new Queue(8);
  const leave = await queue.enter(never);
  const order: string[] = [];
  const second = queue.enter(never).then((out) => {
    order.push("second");
    return out;
  });
  leave();
  const third = queue.enter(never).then(() => order.push("third"));
  (await second)();
  await third;
  expect(order).toEqual(["second", "third"]);
});

test("refuses who comes when enough wait", async () => {
  const queue = new Queue(1);
  await queue.enter(never);
  void queue.enter(never);
  await expect(queue.enter(never)).rejects.toMatchObject({
    code: "provider_overloaded",
    message: expect.stringMatching(/1 are waiting already\. Try again/),
  });
});

test("who waits can leave, and makes room", async () => {
  const queue = new Queue(1);
  const leave = await queue.enter(never);
  const reason = new Error("no longer");
  const abort = new AbortController();
  const waiting = queue.enter(abort.signal);
  abort.abort(reason);
  await expect(waiting).rejects.toBe(reason);
  const next = queue.enter(never);
  leave();
  await next;
  await expect(queue.enter(AbortSignal.abort(reason))).rejects.toBe(reason);
});
