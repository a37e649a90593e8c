import type { ContextReport, Message, Mode } from "@redis-memory-magic/protocol";
import { formatCount, plural } from "../../ui/format.ts";

/** A message on the line, as far as the line cares. */
interface LineMessage {
  readonly key: string;
  readonly id: string | null;
  readonly role: Message["role"];
  readonly delivery: "stored" | "on-its-way" | "not-stored" | "refused";
  readonly turn: Message["turn"];
}

/** What a turn is sent, as the line down the conversation draws it. */
export interface MemoryLine {
  /** Keys of the messages that are sent; the others are stored only. */
  readonly sent: ReadonlySet<string>;
  /** Where the line lets go, and why: before the message `before`, or after the last one. */
  readonly rule: { readonly before: string | null; readonly text: string } | null;
  /** The answer that was sent these; null for the next turn: there the line goes on into the composer. */
  readonly answer: string | null;
}

/**
 * The line of the next turn. `report` is what the server counted; null, or older than the newest messages, while
 * it counts: the line moves with the toggle at once. Messages of a running turn are being sent, whatever comes next.
 */
export function lineOfNextTurn(
  messages: readonly LineMessage[],
  mode: Mode,
  report: ContextReport | null,
): MemoryLine {
  const running = messages.filter(isRunning);
  if (mode === "stateless") {
    const rule =
      messages.length > running.length ? { before: running[0]?.key ?? null, text: MEMORY_OFF } : null;
    return { sent: keysOf(running), rule, answer: null };
  }
  const start = report === null ? 0 : startOfWindow(messages, report);
  const sent = messages.slice(start).filter((message) => message.delivery === "stored" || isRunning(message));
  const text = report === null || start === 0 ? null : windowRule(report.context_window);
  const rule = text === null ? null : { before: messages[start]?.key ?? null, text };
  return { sent: keysOf(sent), rule, answer: null };
}

/** The line of a turn that was: exactly what its report says. */
export function lineOfTurn(
  messages: readonly LineMessage[],
  turnId: string,
  report: ContextReport,
): MemoryLine {
  const ids = sentIds(report);
  const sent = messages.filter(({ id }) => id !== null && ids.has(id));
  const reasons = report.left_out.map(({ reason }) => reason);
  const text = reasons.includes("window")
    ? windowRule(report.context_window)
    : reasons.includes("stateless")
      ? MEMORY_OFF
      : null;
  const isWhole = text === null || messages[0]?.key === sent[0]?.key;
  const rule = isWhole ? null : { before: sent[0]?.key ?? null, text };
  const answer = messages.findLast(({ role, turn }) => role !== "user" && turn?.id === turnId);
  return { sent: keysOf(sent), rule, answer: answer?.key ?? null };
}

/** Messages that a report sends; the system prompt is no message of the conversation. */
export const countSent = (report: ContextReport): number =>
  report.messages.filter(({ role }) => role !== "system").length;

/** What sending will do, in words: "Sends this message alone", "Sends these 5 messages". */
export const sendingSummary = (count: number): string =>
  count <= 1 ? "Sends this message alone" : `Sends these ${plural(count, "message")}`;

const MEMORY_OFF = "Stored in Redis, not sent: memory is off";
const windowRule = (tokens: number) =>
  `Stored in Redis, not sent: the window of ${formatCount(tokens)} tokens is full`;

const isRunning = ({ delivery, turn }: LineMessage) =>
  delivery === "on-its-way" || turn?.status === "running";

const keysOf = (messages: readonly LineMessage[]) => new Set(messages.map(({ key }) => key));

const sentIds = (report: ContextReport) => new Set(report.messages.map(({ message_id }) => message_id));

/** A context is the end of the history: it starts at the oldest message that is sent. */
function startOfWindow(messages: readonly LineMessage[], report: ContextReport): number {
  if (!report.left_out.some(({ reason }) => reason === "window")) return 0;
  const ids = sentIds(report);
  const start = messages.findIndex(({ id }) => id !== null && ids.has(id));
  if (start >= 0) return start;
  // Nothing of the history fits; what has no id yet is newer than the report.
  return messages.findLastIndex(({ id }) => id !== null) + 1;
}
