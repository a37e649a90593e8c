import { useEffect, useState } from "react";
import { t } from "../texts/texts.ts";
import { Icon } from "./icon.tsx";
import { actOnToast, closeToast, type Toast, useToasts } from "./toasts.ts";
import "./toast-list.css";

const SHOWN_MS = 6_000;

export function ToastList() {
  const toasts = useToasts();
  return (
    <div className="toasts" aria-live="polite">
      {toasts.map((toast) => (
        <ShownToast key={toast.id} toast={toast} />
      ))}
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
