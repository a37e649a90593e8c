import { useEffect, useId, useLayoutEffect, useState, useSyncExternalStore } from "react";
import { t } from "../texts/texts.ts";
import { Icon } from "./icon.tsx";
import { Store } from "./store.ts";
import { actOnToast, closeToast, type Toast, useToasts } from "./toasts.ts";
import "./toast-list.css";

const SHOWN_MS = 6_000;

const lists = new Store<{ ids: readonly string[] }>({ ids: [] });

/** Shows the toasts where the newest list is: what is outside an open modal dialog cannot be used. */
export function ToastList() {
  const toasts = useToasts();
  const id = useId();
  const { ids } = useSyncExternalStore(lists.subscribe, lists.get);
  useLayoutEffect(() => {
    lists.update({ ids: [...lists.get().ids, id] });
    return () => lists.update({ ids: lists.get().ids.filter((other) => other !== id) });
  }, [id]);
  return (
    <div className="toasts" aria-live="polite">
      {ids.at(-1) === id && toasts.map((toast) => <ShownToast key={toast.id} toast={toast} />)}
    </div>
  );
}

/** Closes after `SHOWN_MS`, but not while the pointer is over it or the focus is in it. */
function ShownToast({ toast }: { toast: Toast }) {
  const [isPointedAt, setPointedAt] = useState(false);
  const [isFocused, setFocused] = useState(false);
  const isHeld = isPointedAt || isFocused;
  useEffect(() => {
    if (isHeld) return;
    const timer = setTimeout(() => closeToast(toast), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [toast, isHeld]);
  const { text, tone, action } = toast;
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: it does nothing, it only stays.
    <div
      className="toast"
      data-tone={tone}
      onPointerEnter={() => setPointedAt(true)}
      onPointerLeave={() => setPointedAt(false)}
      onFocus={() => setFocused(true)}
      onBlur={() => setFocused(false)}
    >
      <span>{text}</span>
      {action !== undefined && (
        <button type="button" className="button button-small" onClick={() => actOnToast(toast)}>
          {action.label}
        </button>
      )}
      <button
        type="button"
        className="button-icon"
        aria-label={t.common.dismiss}
        onClick={() => closeToast(toast)}
      >
        <Icon name="close" size={14} />
      </button>
    </div>
  );
}
