// A process of its own that outlives `kill -9` of the one that started it: when the pipe to that one closes, it
// ends the processes and removes the folders that it was given, the newest first.
import { rmSync } from "node:fs";
import { createInterface } from "node:readline";
import { endProcess } from "./end-process.mjs";

const GRACE_MS = 9_000;

/** @type {{ watch?: number, remove?: string }[]} */
let kept = [];

// A signal to all Node.js processes must not end this one first.
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(name, () => {});

for await (const line of createInterface({ input: process.stdin })) {
  const order = JSON.parse(line);
  if (order.forget === undefined) kept.push(order);
  else kept = kept.filter(({ watch }) => watch !== order.forget);
}

for (const { watch, remove } of kept.reverse()) {
  if (watch) await endProcess(watch, GRACE_MS);
  if (remove) rmSync(remove, { recursive: true, force: true });
}
