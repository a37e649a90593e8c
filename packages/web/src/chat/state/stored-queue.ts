import { t } from "../../texts/texts.ts";
import { readStored, writeStored } from "../../ui/browser-storage.ts";
import type { WaitingMessage } from "./conversation-state.ts";

/** Of this tab only: another tab that sent the same queue would send each message twice. */
const tabStorage = () => sessionStorage;
const nameOf = (sessionId: string) => `queue:${sessionId}`;

/** Returns the messages that this tab had not sent before a reload. */
export function readQueue(sessionId: string): readonly WaitingMessage[] {
  try {
    const queue: unknown = JSON.parse(readStored(nameOf(sessionId), tabStorage) ?? "[]");
    return Array.isArray(queue) ? queue.filter(isWaiting) : [];
  } catch {
    return [];
  }
}

export function writeQueue(sessionId: string, queue: readonly WaitingMessage[]): void {
  // Removed first: where there is no room for the new one, the old one would send messages twice.
  writeStored(nameOf(sessionId), null, tabStorage);
  if (queue.length === 0) return;
  const isKept = writeStored(nameOf(sessionId), JSON.stringify(queue), tabStorage);
  if (!isKept) writeStored(nameOf(sessionId), JSON.stringify(queue.map(withoutAttachments)), tabStorage);
}

/** Without its attachments a message is not sent by itself. */
function withoutAttachments(message: WaitingMessage): WaitingMessage {
  if (message.attachments.length === 0) return message;
  const { isSent: _, ...rest } = message;
  const refusal = { code: "attachments_lost", message: t.errors.attachmentsLost, status: 400 };
  return { ...rest, attachments: [], refusal };
}

/** The browser's storage may hold anything: an older version of the page, or a user, wrote it. */
function isWaiting(value: unknown): value is WaitingMessage {
  const { key, text, attachments, choice, notRecalled, refusal } = (value ?? {}) as Partial<WaitingMessage>;
  return (
    typeof key === "string" &&
    typeof text === "string" &&
    Array.isArray(attachments) &&
    (notRecalled === undefined || Array.isArray(notRecalled)) &&
    (refusal === undefined || typeof refusal?.message === "string") &&
    (choice === null || (typeof choice?.mode === "string" && typeof choice.provider === "string"))
  );
}
