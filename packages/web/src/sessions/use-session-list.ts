import { useEffect, useMemo, useSyncExternalStore } from "react";
import { toastErrors } from "../api/toast-errors.ts";
import { t } from "../texts/texts.ts";
import { showToast } from "../ui/toasts.ts";
import { SessionList } from "./session-list.ts";

const POLL_MS = 20_000;
const UNREACHABLE_MS = 3_000;

/** Polls the list while the page is visible. `history` changes with the open session; null: it has no messages. */
export function useSessionList(openId: string, history: string | null) {
  const list = useMemo(() => new SessionList(), []);
  const state = useSyncExternalStore(list.store.subscribe, list.store.get);

  const isBroken = typeof state.load === "object";
  useEffect(() => {
    const ask = () => {
      if (document.visibilityState === "visible") void list.refresh(history === null ? null : openId);
    };
    ask();
    const timer = setInterval(ask, isBroken ? UNREACHABLE_MS : POLL_MS);
    document.addEventListener("visibilitychange", ask);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", ask);
    };
  }, [list, openId, history, isBroken]);

  const hasMore = state.load === "ready" && state.nextCursor !== null;
  useEffect(() => {
    if (hasMore) void list.loadAll();
  }, [list, hasMore]);

  useEffect(() => {
    // Pending deletions are completed when the page is closed.
    const finish = () => {
      for (const id of list.store.get().removing) void list.finishRemoval(id);
    };
    addEventListener("pagehide", finish);
    return () => removeEventListener("pagehide", finish);
  }, [list]);

  return { list, state };
}

/** Deletes sessions once the user can no longer undo it. */
export function removeWithUndo(
  list: SessionList,
  ids: readonly string[],
  title: string,
  onUndone: () => void,
): void {
  for (const id of ids) list.startRemoval(id);
  const undo = () => {
    for (const id of ids) list.undoRemoval(id);
    onUndone();
  };
  showToast(t.sessions.deleted(title), {
    action: { label: t.common.undo, run: undo },
    onClose: () => void toastErrors(() => list.finishRemovals(ids)),
  });
}
