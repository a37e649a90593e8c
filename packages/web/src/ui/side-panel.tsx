import { type ReactNode, useEffect, useRef } from "react";
import { onDismiss } from "./on-dismiss.ts";
import { ToastList } from "./toast-list.tsx";
import "./side-panel.css";

interface SidePanelProps {
  side: "left" | "right";
  open: boolean;
  /** True where there is no room beside the conversation: the panel is then a dialog over it. */
  drawer: boolean;
  onClose: () => void;
  children: ReactNode;
}

/** A column beside the conversation, or a drawer over it on narrow screens. */
export function SidePanel({ side, open, drawer, onClose, children }: SidePanelProps) {
  const dialog = useRef<HTMLDialogElement>(null);

  useEffect(() => {
    // The browser traps the focus and restores it afterwards.
    if (drawer && open) dialog.current?.showModal();
    else dialog.current?.close();
  }, [drawer, open]);

  if (!drawer) return open ? <div className={`panel panel-${side}`}>{children}</div> : null;
  return (
    <dialog ref={dialog} className={`panel panel-drawer panel-${side}`} {...onDismiss(onClose)}>
      {open && (
        <>
          {children}
          <ToastList />
        </>
      )}
    </dialog>
  );
}
