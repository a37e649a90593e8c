import { releaseMemory } from "@redis-memory-magic/setup/base/release-memory";

/** Within this time after the start, the probes of the providers have loaded their code. */
const TRY_EVERY_MS = 2_000;

/** Releases memory once, as soon as `isIdle` returns true: everything else in this process stands still meanwhile. */
export function releaseMemoryWhenIdle(isIdle: () => boolean): void {
  const timer = setInterval(() => {
    if (!isIdle()) return;
    clearInterval(timer);
    releaseMemory();
  }, TRY_EVERY_MS);
  timer.unref();
}
