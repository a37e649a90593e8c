import { useSyncExternalStore } from "react";
import { Store } from "./store.ts";

/** A short message about what was done or what failed, with an action (often "Undo") where there is one. */
export interface Toast {
  readonly id: number;
  readonly text: string;
  readonly tone: "neutral" | "bad";
  readonly action?: { readonly label: string; readonly run: () => void } | undefined;
}

export const TOAST_MS = 6_000;

const store = new Store<{ toasts: readonly Toast[] }>({ toasts: [] });
let lastId = 0;

/** Shows a toast for `TOAST_MS`. */
export function showToast(text: string, options: Partial<Pick<Toast, "tone" | "action">> = {}): void {
  lastId += 1;
  const id = lastId;
  store.update({ toasts: [...store.get().toasts, { id, text, tone: "neutral", ...options }] });
  setTimeout(() => dismissToast(id), TOAST_MS);
}

export function dismissToast(id: number): void {
  store.update({ toasts: store.get().toasts.filter((toast) => toast.id !== id) });
}

export const useToasts = (): readonly Toast[] => useSyncExternalStore(store.subscribe, store.get).toasts;
