import { dateLocale, locale } from "./locale.ts";

const formatters = new Map<string, Intl.NumberFormat>();

/** Formats a number as the page's language does. Formatters are costly to make. */
function format(value: number, options: Intl.NumberFormatOptions): string {
  const key = JSON.stringify([locale, options]);
  const formatter = formatters.get(key) ?? new Intl.NumberFormat(locale, options);
  formatters.set(key, formatter);
  return formatter.format(value);
}

/** 4096 → "4,096". */
export const formatCount = (count: number): string => format(count, { maximumFractionDigits: 0 });

/** 1.04 → "1.0". */
export const formatTenths = (value: number): string =>
  format(value, { minimumFractionDigits: 1, maximumFractionDigits: 1 });

/** 0.5619 → "56%". */
export const formatShare = (share: number): string =>
  format(share, { style: "percent", maximumFractionDigits: 0 });

/** "1 message", "5 messages". */
export const plural = (count: number, noun: string, nouns = `${noun}s`): string =>
  `${formatCount(count)} ${count === 1 ? noun : nouns}`;

const SMALLEST_USD = 0.0001;
const DOLLARS = { style: "currency", currency: "USD", currencyDisplay: "narrowSymbol" } as const;

/** US dollars with two significant digits: "$0.0004", "$1.20"; less than can be read: "< $0.0001". */
export function formatCost(usd: number): string {
  if (usd === 0) return format(0, { ...DOLLARS, maximumFractionDigits: 0 });
  if (usd < SMALLEST_USD) return `< ${formatCost(SMALLEST_USD)}`;
  return format(usd, usd >= 0.995 ? DOLLARS : { ...DOLLARS, maximumSignificantDigits: 2 });
}

/** Milliseconds: "40 ms", "0.4 s", "12 s", "2 min 5 s". */
export function formatDuration(ms: number): string {
  if (ms < 95) return `${Math.round(ms)} ms`;
  if (ms < 9_950) return `${formatTenths(ms / 1000)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** An ISO time as the user's clock shows it: "21:55". */
export const formatTime = (time: string): string =>
  new Date(time).toLocaleTimeString(dateLocale(), { hour: "2-digit", minute: "2-digit" });

/** An ISO time with its day: "27 Nov, 21:55". */
export const formatDateTime = (time: string): string =>
  new Date(time).toLocaleString(dateLocale(), {
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
  return `${value < 9.95 && unit > 0 ? formatTenths(value) : Math.round(value)} ${units[unit]}`;
}

/** A long text's beginning, for a button. */
export const shorten = (text: string): string => (text.length > 40 ? `${text.slice(0, 36)}…` : text);

const DAY = 86_400;
const formatDays = (seconds: number): string =>
  format(Math.floor(seconds / DAY), { style: "unit", unit: "day", unitDisplay: "long" });

/** A countdown: "59:12", "1:02:03", "6 days". */
export function formatClock(seconds: number): string {
  if (seconds >= 2 * DAY) return formatDays(seconds);
  const parts = [Math.floor(seconds / 60) % 60, seconds % 60].map((part) => String(part).padStart(2, "0"));
  const hours = Math.floor(seconds / 3600);
  return hours === 0 ? `${Number(parts[0])}:${parts[1]}` : `${hours}:${parts.join(":")}`;
}

/** The same, rounded: "59 min", "6 days", "50 s". */
export function formatTimeSpan(seconds: number): string {
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 2 * 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 2 * DAY) return `${Math.floor(seconds / 3600)} h`;
  return formatDays(seconds);
}
