import type { ContextReport, Message, Mode } from "@redis-memory-magic/protocol";
import { formatCount, plural } from "../../ui/format.ts";
import type { ShownMessage } from "./shown-message.ts";

/** The fields of a message that the line needs. */
interface LineMessage {
  readonly key: string;
  readonly id: string | null;
  readonly role: Message["role"];
  readonly delivery: ShownMessage["delivery"];
  readonly turn: Message["turn"];
}

/** What a turn is sent, as the memory line draws it. */
export interface MemoryLine {
  /** Keys of the messages that are sent; all others are only stored. */
  readonly sent: ReadonlySet<string>;
  /** Where the line is interrupted, and why: before the message `before`, or after the last one (null). */
  readonly rule: { readonly before: string | null; readonly text: string } | null;
  /** The answer whose context is shown; null for the next turn, whose line ends in the composer. */
  readonly answer: string | null;
}

/**
 * Returns the line of the next turn. `report` is the server's preview; it is null or outdated while the server
 * counts, but the line follows the switch at once. Messages of a running turn are always on the line.
 */
export function lineOfNextTurn(
  all: readonly LineMessage[],
  mode: Mode,
  report: ContextReport | null,
): MemoryLine {
  const messages = all.filter(({ delivery }) => delivery !== "gone");
  const running = messages.filter(isRunning);
  if (mode === "stateless") {
    const rule =
      messages.length > running.length ? { before: running[0]?.key ?? null, text: MEMORY_OFF } : null;
    return { sent: keysOf(running), rule, answer: null };
  }
  const start = report === null ? 0 : startOfWindow(messages, report);
  const sent = messages.slice(start).filter((message) => message.delivery === "stored" || isRunning(message));
  const text = report === null || start === 0 ? null : windowRule(report);
  const rule = text === null ? null : { before: messages[start]?.key ?? null, text };
  return { sent: keysOf(sent), rule, answer: null };
}

/** Returns the line of a past turn: exactly what its report says. */
export function lineOfTurn(
  messages: readonly LineMessage[],
  turnId: string,
  report: ContextReport,
): MemoryLine {
  const ids = sentIds(report);
  const sent = messages.filter(({ id }) => id !== null && ids.has(id));
  const reasons = report.left_out.map(({ reason }) => reason);
  const text = reasons.includes("window")
    ? windowRule(report)
    : reasons.includes("stateless")
      ? MEMORY_OFF
      : null;
  const isWhole = text === null || messages[0]?.key === sent[0]?.key;
  const rule = isWhole ? null : { before: sent[0]?.key ?? null, text };
  const answer = messages.findLast(({ role, turn }) => role === "assistant" && turn?.id === turnId);
  return { sent: keysOf(sent), rule, answer: answer?.key ?? null };
}

/** Counts the messages that a report sends, without the system prompt. */
export const countSent = (report: ContextReport): number =>
  report.messages.filter(({ role }) => role !== "system").length;

/** Describes what sending does: "Sends this message alone", "Sends these 5 messages". */
export const sendingSummary = (count: number): string =>
  count <= 1 ? "Sends this message alone" : `Sends these ${plural(count, "message")}`;

const MEMORY_OFF = "Stored in Redis, not sent: memory is off";

/** In a smaller window the oldest messages are left out pair by pair. */
const SMALL_WINDOW = 512;

function windowRule({ left_out, context_window, budget }: ContextReport): string {
  const count = left_out.reduce((sum, { reason, messages }) => sum + (reason === "window" ? messages : 0), 0);
  const room = `${formatCount(context_window)} tokens, of which ${formatCount(context_window - budget)} are kept for the answer`;
  const half = context_window < SMALL_WINDOW ? "" : "; the older half is let go at once";
  return `Stored in Redis, not sent: ${plural(count, "message")} did not fit into ${room}${half}`;
}

const isRunning = ({ delivery, turn }: LineMessage) =>
  delivery === "on-its-way" || turn?.status === "running";

const keysOf = (messages: readonly LineMessage[]) => new Set(messages.map(({ key }) => key));

const sentIds = (report: ContextReport) => new Set(report.messages.map(({ message_id }) => message_id));

/** Returns the index of the oldest message that is sent. */
function startOfWindow(messages: readonly LineMessage[], report: ContextReport): number {
  if (!report.left_out.some(({ reason }) => reason === "window")) return 0;
  const ids = sentIds(report);
  const start = messages.findIndex(({ id }) => id !== null && ids.has(id));
  if (start >= 0) return start;
  // Nothing of the history fits. Messages without an id are newer than the report.
  return messages.findLastIndex(({ id }) => id !== null) + 1;
}
