/** The Date header has a resolution of a second and arrives late: a smaller difference is no skew. */
const TOLERANCE_MS = 3_000;

let skewMs = 0;

/** Learns from a response's Date header how far this machine's clock is off. */
export function noteServerTime(date: string | null): void {
  const at = Date.parse(date ?? "");
  if (Number.isNaN(at)) return;
  const difference = at - Date.now();
  skewMs = Math.abs(difference) < TOLERANCE_MS ? 0 : difference;
}

/** Returns the server's time (ms). What expires in Redis is counted by it. */
export const serverNow = (): number => Date.now() + skewMs;
