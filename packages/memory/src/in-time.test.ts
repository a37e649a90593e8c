import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { expect, onTestFinished, test } from "vitest";
import { inTime } from "./in-time.ts";

const TIMEOUT_MS = 5;

/** Sends back what it is sent, then wakes the process that waits for that without reading it. */
const ECHO = `
  const { parentPort, workerData } = require("node:worker_threads");
  parentPort.on("message", (message) => {
    parentPort.postMessage(message);
    Atomics.store(workerData, 0, 1);
    Atomics.notify(workerData, 0);
  });
`;

test("an answer that arrived while the process stood still is not late", async () => {
  const hasAnswered = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(ECHO, { eval: true, workerData: hasAnswered });
  onTestFinished(() => void worker.terminate());
  await once(worker, "online");
  const asked = Promise.withResolvers<unknown>();
  // From here timers run next, then what has arrived is read.
  setImmediate(() => {
    const answer = inTime(TIMEOUT_MS, new Error("late"), async (signal) => {
      const answered = once(worker, "message");
      worker.postMessage("ping");
      Atomics.wait(hasAnswered, 0, 0);
      const end = performance.now() + 2 * TIMEOUT_MS;
      while (performance.now() < end);
      return [...(await answered), signal.aborted];
    });
    answer.then(asked.resolve, asked.reject);
  });
  expect(await asked.promise).toEqual(["ping", false]);
});

test("what does not answer is late, and its signal aborts", async () => {
  const late = new Error("late");
  let signal: AbortSignal | undefined;
  const work = inTime(TIMEOUT_MS, late, (its) => {
    signal = its;
    return new Promise<never>(() => {});
  });
  await expect(work).rejects.toBe(late);
  expect(signal?.reason).toBe(late);
});
