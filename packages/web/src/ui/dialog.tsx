import { type ReactNode, useId, useLayoutEffect, useRef } from "react";
import { t } from "../texts/texts.ts";
import { Icon } from "./icon.tsx";
import { onDismiss } from "./on-dismiss.ts";
import { ToastList } from "./toast-list.tsx";
import "./dialog.css";

/** A modal dialog. The browser traps the focus, closes the dialog on Escape and restores the focus. */
export function Dialog({
  title,
  onClose,
  isWide = false,
  children,
}: {
  title: string;
  onClose: () => void;
  isWide?: boolean;
  children: ReactNode;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();

  useLayoutEffect(() => {
    const element = dialog.current;
    element?.showModal();
    // The browser gives the focus back only to what it finds when the dialog is closed, not when it is removed.
    return () => element?.close();
  }, []);

  return (
    <dialog
      ref={dialog}
      className="dialog"
      data-wide={isWide || undefined}
      aria-labelledby={id}
      {...onDismiss(onClose)}
    >
      <div className="dialog-content">
        <header className="dialog-head">
          <h2 id={id}>{title}</h2>
          <button type="button" className="button-icon" aria-label={t.common.close} onClick={onClose}>
            <Icon name="close" />
          </button>
        </header>
        {children}
      </div>
      <ToastList />
    </dialog>
  );
}
