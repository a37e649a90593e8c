import { expect, test } from "vitest";
import { Store } from "./store.ts";

test("calls listeners at once until they unsubscribe", () => {
  const store = new Store({ a: 1, b: 1 });
  const heard: number[] = [];
  const leave = store.subscribe(() => heard.push(store.get().a));
  store.update({ a: 2 });
  leave();
  store.update({ a: 3 });
  expect(heard).toEqual([2]);
  expect(store.get()).toEqual({ a: 3, b: 1 });
});

test("calls listeners once for many scheduled changes", () => {
  let frame = () => {};
  const store = new Store({ count: 0 }, (notify) => {
    frame = notify;
  });
  let heard = 0;
  store.subscribe(() => {
    heard += 1;
  });
  for (let count = 1; count <= 5; count++) store.update({ count });
  expect(store.get().count).toBe(5);
  expect(heard).toBe(0);
  frame();
  expect(heard).toBe(1);
  store.update({ count: 6 });
  frame();
  expect(heard).toBe(2);
});
