import { Store } from "../../ui/store.ts";

/** A message to be shown as soon as its session is open and has it loaded. */
interface MessageTarget {
  readonly sessionId: string;
  readonly messageId: string;
}

export const messageTarget = new Store<{ readonly target: MessageTarget | null }>({ target: null });

/** Shows a message in its conversation. */
export const showMessage = (sessionId: string, messageId: string): void =>
  messageTarget.update({ target: { sessionId, messageId } });
