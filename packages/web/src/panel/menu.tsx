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

  function place() {
    const at = anchor.current?.getBoundingClientRect();
    const menu = list.current;
    if (at === undefined || menu === null) return;
    const { offsetWidth: width, offsetHeight: height } = menu;
    const below = at.bottom + 4 + height <= innerHeight;
    menu.style.top = `${below ? at.bottom + 4 : at.top - 4 - height}px`;
    menu.style.left = `${Math.max(8, Math.min(at.right - width, innerWidth - width - 8))}px`;
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
        onToggle={(event) => event.newState === "open" && place()}
        // An action closes the menu that offered it.
        onClickCapture={(event) => event.target instanceof HTMLElement && list.current?.hidePopover()}
      >
        {children}
      </div>
    </>
  );
}

export function MenuItem({ children, onClick }: { children: ReactNode; onClick: () => void }) {
  return (
    <button type="button" className="menu-item" onClick={onClick}>
      {children}
    </button>
  );
}
