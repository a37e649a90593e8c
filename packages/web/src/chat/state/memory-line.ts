import type { ContextReport, Message, Mode } from "@redis-memory-magic/protocol";
import { t } from "../../texts/texts.ts";
import { recallOf } from "./context-parts.ts";
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
  /** Keys of the messages that are outside the window and sent nevertheless. */
  readonly recalled: ReadonlySet<string>;
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
      messages.length > running.length ? { before: running[0]?.key ?? null, text: t.log.memoryOff } : null;
    return { sent: keysOf(running), recalled: NONE, rule, answer: null };
  }
  const start = report === null ? 0 : startOfWindow(messages, report);
  const sent = messages.slice(start).filter((message) => message.delivery === "stored" || isRunning(message));
  const text = report === null || start === 0 ? null : windowRule(report);
  const rule = text === null ? null : { before: messages[start]?.key ?? null, text };
  const recalled = report === null ? NONE : keysOf(recalledOf(messages.slice(0, start), report));
  return { sent: keysOf(sent), recalled, rule, answer: null };
}

/** Returns the line of a past turn: exactly what its report says. */
export function lineOfTurn(
  messages: readonly LineMessage[],
  turnId: string,
  report: ContextReport,
): MemoryLine {
  const ids = sentIds(report);
  const sent = messages.filter(({ id }) => id !== null && ids.has(id));
  const isOff = report.left_out.some(({ reason }) => reason === "stateless");
  const text = isCut(report) ? windowRule(report) : isOff ? t.log.memoryOff : null;
  const isWhole = text === null || messages[0]?.key === sent[0]?.key;
  const rule = isWhole ? null : { before: sent[0]?.key ?? null, text };
  const answer = messages.findLast(({ role, turn }) => role === "assistant" && turn?.id === turnId);
  return {
    sent: keysOf(sent),
    recalled: keysOf(recalledOf(messages, report)),
    rule,
    answer: answer?.key ?? null,
  };
}

/** Counts the messages that a report sends, without the system prompt; each of those that are sent as one. */
export const countSent = ({ messages, normalized }: ContextReport): number =>
  messages.filter(({ role }) => role !== "system").length +
  (normalized.find(({ change }) => change === "joined")?.messages ?? 0);

/** "148 tokens", "about 148 tokens". */
export const tokenText = ({ counted, estimated }: ContextReport["tokens"]): string =>
  estimated ? t.common.aboutTokens(counted) : t.common.tokens(counted);

/** Counts the messages that are outside the window and sent nevertheless. */
export const countRecalled = (report: ContextReport): number => recallOf(report)?.message_ids.length ?? 0;

/** In a smaller window the oldest messages are left out pair by pair. */
const SMALL_WINDOW = 512;

function windowRule({ left_out, context_window, budget }: ContextReport): string {
  const count = left_out.reduce((sum, { reason, messages }) => sum + (reason === "window" ? messages : 0), 0);
  const answer = context_window - budget;
  if (count === 0) return t.log.allRecalled(context_window, answer);
  const describe = context_window < SMALL_WINDOW ? t.log.didNotFit : t.log.didNotFitHalf;
  return describe(count, context_window, answer);
}

/** True if something is outside the window. */
const isCut = (report: ContextReport): boolean =>
  report.left_out.some(({ reason }) => reason === "window") || recallOf(report) !== undefined;

const recalledOf = (messages: readonly LineMessage[], report: ContextReport): LineMessage[] => {
  const ids = new Set(recallOf(report)?.message_ids);
  return messages.filter(({ id }) => id !== null && ids.has(id));
};

const NONE: ReadonlySet<string> = new Set();

const isRunning = ({ delivery, turn }: LineMessage) =>
  delivery === "on-its-way" || turn?.status === "running";

const keysOf = (messages: readonly LineMessage[]) => new Set(messages.map(({ key }) => key));

const sentIds = (report: ContextReport) => new Set(report.messages.map(({ message_id }) => message_id));

/** Returns the index of the oldest message that is sent. */
function startOfWindow(messages: readonly LineMessage[], report: ContextReport): number {
  if (!isCut(report)) return 0;
  const ids = sentIds(report);
  const start = messages.findIndex(({ id }) => id !== null && ids.has(id));
  if (start >= 0) return start;
  // Nothing of the history fits. Messages without an id are newer than the report.
  return messages.findLastIndex(({ id }) => id !== null) + 1;
}
