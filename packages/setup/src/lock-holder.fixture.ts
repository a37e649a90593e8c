// Holds the lock that it is given until it is killed.
import { withLock } from "../base/lock.mjs";

await withLock(process.argv[2] ?? "", { signal: new AbortController().signal }, async () => {
  process.send?.("held");
  await new Promise(() => {
    setInterval(() => {}, 1_000);
  });
});
