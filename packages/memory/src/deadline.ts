/**
 * Calls back after so many ms, and after what has arrived by then was read: when a process has stood still, its timers run
 * before it reads its sockets, and an answer that came in time would be late. `clearTimeout` takes it back, until the time is
 * over.
 */
export const setDeadline = (callback: () => void, ms: number): ReturnType<typeof setTimeout> =>
  setTimeout(() => {
    // Not every platform at the edge has it.
    if (typeof setImmediate === "function") setImmediate(callback);
    else callback();
  }, ms);
