import { type ReactNode, useId, useRef } from "react";
import "./menu.css";

interface MenuProps {
  /** The button's accessible name. */
  label: string;
  button: ReactNode;
  buttonClass: string;
  children: ReactNode;
}

/** A button that opens a menu. The popover API brings Escape, light dismissal and the top layer. */
export function Menu({ label, button, buttonClass, children }: MenuProps) {
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  const anchor = useRef<HTMLButtonElement>(null);

  /** Places the menu at the button's end, above it where there is more room. Runs before it opens, so it never jumps. */
  function place() {
    const at = anchor.current?.getBoundingClientRect();
    const menu = list.current;
    if (at === undefined || menu === null) return;
    const isLow = at.bottom > innerHeight / 2;
    menu.style.top = isLow ? "auto" : `${at.bottom + 4}px`;
    menu.style.bottom = isLow ? `${innerHeight - at.top + 4}px` : "auto";
    menu.style.right = `${innerWidth - at.right}px`;
  }

  return (
    <>
      <button
        ref={anchor}
        type="button"
        className={buttonClass}
        aria-label={label}
        title={label}
        popoverTarget={id}
      >
        {button}
      </button>
      <div
        ref={list}
        id={id}
        className="menu"
        popover="auto"
        onBeforeToggle={(event) => event.newState === "open" && place()}
        // Choosing an item closes the menu.
        onClickCapture={(event) => event.target instanceof HTMLElement && list.current?.hidePopover()}
      >
        {children}
      </div>
    </>
  );
}

interface MenuItemProps {
  children: ReactNode;
  onClick: () => void;
  /** Marks an item that deletes something. */
  destructive?: boolean;
}

export function MenuItem({ children, onClick, destructive = false }: MenuItemProps) {
  return (
    <button type="button" className="menu-item" data-destructive={destructive || undefined} onClick={onClick}>
      {children}
    </button>
  );
}
