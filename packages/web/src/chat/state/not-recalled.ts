import { useSyncExternalStore } from "react";
import { Store } from "../../ui/store.ts";

/** Messages whose turns the user does not want to be recalled for the next message of a session. */
interface NotRecalled {
  readonly sessionId: string;
  readonly ids: readonly string[];
}

const store = new Store<NotRecalled>({ sessionId: "", ids: [] });
const NONE: readonly string[] = [];

export const notRecalledIn = (sessionId: string): readonly string[] =>
  store.get().sessionId === sessionId ? store.get().ids : NONE;

export const leaveOut = (sessionId: string, messageId: string): void =>
  store.update({ sessionId, ids: [...notRecalledIn(sessionId), messageId] });

/** When the message was sent, or the user wants them back. */
export const recallAll = (): void => store.update({ ids: NONE });

export const useNotRecalled = (sessionId: string): readonly string[] =>
  useSyncExternalStore(store.subscribe, () => notRecalledIn(sessionId));
