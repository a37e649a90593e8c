import { t } from "../../texts/texts.ts";
import { readStored, writeStored } from "../../ui/browser-storage.ts";
import type { WaitingMessage } from "./conversation-state.ts";

/** Of this tab only: another tab that sent the same queue would send each message twice. */
const tabStorage = () => sessionStorage;

/** A session's messages that the server has not accepted yet, by key: a reload of this tab must not lose them. */
export class Outbox {
  readonly #name: string;
  readonly #messages = new Map<string, WaitingMessage>();

  constructor(sessionId: string) {
    this.#name = `queue:${sessionId}`;
  }

  get isEmpty(): boolean {
    return this.#messages.size === 0;
  }

  /** The message whose request was on its way, if any. */
  get sent(): WaitingMessage | undefined {
    return [...this.#messages.values()].find(({ isSent }) => isSent);
  }

  /** Returns the messages that were in it before a reload. */
  restore(): readonly WaitingMessage[] {
    const messages = readMessages(this.#name);
    for (const message of messages) this.#messages.set(message.key, message);
    return messages;
  }

  get(key: string): WaitingMessage | undefined {
    return this.#messages.get(key);
  }

  put(message: WaitingMessage): void {
    this.#messages.set(message.key, message);
    this.#write();
  }

  remove(key: string): void {
    if (this.#messages.delete(key)) this.#write();
  }

  clear(): void {
    this.#messages.clear();
    this.#write();
  }

  #write(): void {
    const messages = [...this.#messages.values()];
    // Removed first: where there is no room for the new ones, the old ones would be sent twice.
    writeStored(this.#name, null, tabStorage);
    if (messages.length === 0) return;
    const isKept = writeStored(this.#name, JSON.stringify(messages), tabStorage);
    if (!isKept) writeStored(this.#name, JSON.stringify(messages.map(withoutAttachments)), tabStorage);
  }
}

function readMessages(name: string): readonly WaitingMessage[] {
  try {
    const messages: unknown = JSON.parse(readStored(name, tabStorage) ?? "[]");
    return Array.isArray(messages) ? messages.filter(isWaiting) : [];
  } catch {
    return [];
  }
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
