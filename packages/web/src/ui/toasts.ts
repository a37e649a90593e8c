import { useSyncExternalStore } from "react";
import { Store } from "./store.ts";

/** A short message about what was done or what failed, with an action (often "Undo") where there is one. */
export interface Toast {
  readonly id: number;
  readonly text: string;
  readonly tone: "neutral" | "bad";
  readonly action?: { readonly label: string; readonly run: () => void } | undefined;
  /** Called when it closes without its action. */
  readonly onClose?: () => void;
}

const store = new Store<{ toasts: readonly Toast[] }>({ toasts: [] });
let lastId = 0;

export function showToast(text: string, options: Partial<Omit<Toast, "id" | "text">> = {}): void {
  lastId += 1;
  store.update({ toasts: [...store.get().toasts, { id: lastId, text, tone: "neutral", ...options }] });
}

function removeToast(id: number): void {
  store.update({ toasts: store.get().toasts.filter((toast) => toast.id !== id) });
}

export function closeToast({ id, onClose }: Toast): void {
  removeToast(id);
  onClose?.();
}

export function actOnToast({ id, action }: Toast): void {
  removeToast(id);
  action?.run();
}

export const useToasts = (): readonly Toast[] => useSyncExternalStore(store.subscribe, store.get).toasts;
