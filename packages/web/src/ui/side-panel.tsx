import { type ReactNode, useEffect, useRef } from "react";
import "./side-panel.css";

interface SidePanelProps {
  side: "left" | "right";
  open: boolean;
  /** There is no room beside the conversation: the panel lies over it, as a dialog. */
  drawer: boolean;
  onClose: () => void;
  children: ReactNode;
}

/** A column beside the conversation where there is room, a drawer over it where there is none. */
export function SidePanel({ side, open, drawer, onClose, children }: SidePanelProps) {
  const dialog = useRef<HTMLDialogElement>(null);

  useEffect(() => {
    // The browser keeps the focus inside and gives it back after.
    if (drawer && open) dialog.current?.showModal();
    else dialog.current?.close();
  }, [drawer, open]);

  if (!drawer) return open ? <div className={`panel panel-${side}`}>{children}</div> : null;
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape closes a dialog by itself.
    <dialog
      ref={dialog}
      className={`panel panel-drawer panel-${side}`}
      onClose={onClose}
      onClick={(event) => {
        // Its own area is covered by the content: what hits the dialog itself is the backdrop.
        if (event.target === event.currentTarget) onClose();
      }}
    >
      {open && children}
    </dialog>
  );
}
