const integers = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

/** 4096 → "4,096". */
export const formatCount = (count: number): string => integers.format(count);

/** "1 message", "5 messages". */
export const plural = (count: number, noun: string): string =>
  `${formatCount(count)} ${noun}${count === 1 ? "" : "s"}`;

/** US dollars with two significant digits: "$0.00004", "$1.20". */
export function formatCost(usd: number): string {
  if (usd === 0) return "$0";
  if (usd >= 0.995) return `$${usd.toFixed(2)}`;
  // Two significant digits however small the amount is, never an exponent.
  const digits = Math.min(12, 1 - Math.floor(Math.log10(usd)));
  return `$${usd.toFixed(digits).replace(/0+$/, "")}`;
}

/** Milliseconds: "40 ms", "0.4 s", "12 s", "2 min 5 s". */
export function formatDuration(ms: number): string {
  if (ms < 95) return `${Math.round(ms)} ms`;
  if (ms < 9_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** An ISO time as the user's clock shows it: "21:55". */
export const formatTime = (time: string): string =>
  new Date(time).toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit" });

/** An ISO time with its day: "27 Nov, 21:55". */
export const formatDateTime = (time: string): string =>
  new Date(time).toLocaleString(undefined, {
    day: "numeric",
    month: "short",
    hour: "2-digit",
    minute: "2-digit",
  });

/** "491 MB", "1.4 kB". */
export function formatBytes(bytes: number): string {
  const units = ["B", "kB", "MB", "GB"];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value < 9.95 && unit > 0 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

const DAY = 86_400;

/** A countdown: "59:12", "1:02:03", "6 days". */
export function formatClock(seconds: number): string {
  if (seconds >= 2 * DAY) return `${Math.floor(seconds / DAY)} days`;
  const parts = [Math.floor(seconds / 60) % 60, seconds % 60].map((part) => String(part).padStart(2, "0"));
  const hours = Math.floor(seconds / 3600);
  return hours === 0 ? `${Number(parts[0])}:${parts[1]}` : `${hours}:${parts.join(":")}`;
}

/** The same as text: "59 min left", "6 days left", "50 s left". */
export function formatTimeLeft(seconds: number): string {
  if (seconds < 60) return `${seconds} s left`;
  if (seconds < 2 * 3600) return `${Math.floor(seconds / 60)} min left`;
  if (seconds < 2 * DAY) return `${Math.floor(seconds / 3600)} h left`;
  return `${Math.floor(seconds / DAY)} days left`;
}
