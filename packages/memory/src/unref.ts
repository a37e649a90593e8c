/** Lets the process exit before a timer fires. Timers that keep a process from exiting are Node.js' own. */
export function unref(timer: Partial<NodeJS.Timeout> | number): void {
  if (typeof timer === "object") timer.unref?.();
}
