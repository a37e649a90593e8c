import { type ReactNode, useId, useRef } from "react";
import "./menu.css";

interface MenuProps {
  /** What the button is called. */
  label: string;
  button: ReactNode;
  buttonClass: string;
  children: ReactNode;
}

/** A button that opens a few actions below it. The browser's popover brings Escape, light dismissal and the top layer. */
export function Menu({ label, button, buttonClass, children }: MenuProps) {
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  const anchor = useRef<HTMLButtonElement>(null);

  /** At the button's end; above it where there is more room. Before it opens, so that it is never seen elsewhere. */
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
        // An action closes the menu that offered it.
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
  /** It takes something away: set apart from the others. */
  removes?: boolean;
}

export function MenuItem({ children, onClick, removes = false }: MenuItemProps) {
  return (
    <button type="button" className="menu-item" data-removes={removes || undefined} onClick={onClick}>
      {children}
    </button>
  );
}
