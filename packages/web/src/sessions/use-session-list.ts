import { useEffect, useMemo, useSyncExternalStore } from "react";
import { toastErrors } from "../api/toast-errors.ts";
import { showToast, TOAST_MS } from "../ui/toasts.ts";
import { SessionList } from "./session-list.ts";

const EVERY_MS = 20_000;
const UNREACHABLE_MS = 3_000;

/** The list, kept fresh while it is looked at. `history` changes when the open session has; null: it has none yet. */
export function useSessionList(openId: string, history: string | null) {
  const list = useMemo(() => new SessionList(), []);
  const state = useSyncExternalStore(list.store.subscribe, list.store.get);

  const isBroken = typeof state.load === "object";
  useEffect(() => {
    const ask = () => {
      if (document.visibilityState === "visible") void list.refresh(history === null ? null : openId);
    };
    ask();
    const timer = setInterval(ask, isBroken ? UNREACHABLE_MS : EVERY_MS);
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
    // What is leaving when the page is closed has left.
    const finish = () => {
      for (const id of list.store.get().leaving) void list.finishRemoval(id);
    };
    addEventListener("pagehide", finish);
    return () => removeEventListener("pagehide", finish);
  }, [list]);

  return { list, state };
}

/** Deletes a session after a while in which it can be had back. */
export function removeWithUndo(list: SessionList, id: string, title: string, onUndone: () => void): void {
  list.startRemoval(id);
  const timer = setTimeout(() => toastErrors(() => list.finishRemoval(id)), TOAST_MS);
  const undo = () => {
    clearTimeout(timer);
    list.undoRemoval(id);
    onUndone();
  };
  showToast(`Deleted “${title}”`, { action: { label: "Undo", run: undo } });
}
