import { useSyncExternalStore } from "react";
import { Store } from "../store/store.ts";

/** A short word on what was done or could not be, with a way back where there is one. */
export interface Notice {
  readonly id: number;
  readonly text: string;
  readonly tone: "neutral" | "bad";
  readonly action?: { readonly label: string; readonly run: () => void } | undefined;
}

export const NOTICE_MS = 6_000;

const store = new Store<{ notices: readonly Notice[] }>({ notices: [] });
let lastId = 0;

/** Shows a notice for a while; resolves when it is gone. */
export function notify(text: string, options: Partial<Pick<Notice, "tone" | "action">> = {}): void {
  lastId += 1;
  const id = lastId;
  store.update({ notices: [...store.get().notices, { id, text, tone: "neutral", ...options }] });
  setTimeout(() => dismissNotice(id), NOTICE_MS);
}

export function dismissNotice(id: number): void {
  store.update({ notices: store.get().notices.filter((notice) => notice.id !== id) });
}

export const useNotices = (): readonly Notice[] => useSyncExternalStore(store.subscribe, store.get).notices;
