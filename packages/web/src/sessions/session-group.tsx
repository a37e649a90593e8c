import type { ReactNode } from "react";
import { t } from "../texts/texts.ts";

interface SessionGroupProps {
  title: string;
  count: number;
  /** True if one of its sessions is open. */
  isOpen: boolean;
  onDelete: () => void;
  children: ReactNode;
}

/** The sessions of a tour or of a comparison, folded into one entry and deleted together. */
export function SessionGroup({ title, count, isOpen, onDelete, children }: SessionGroupProps) {
  return (
    <li className="session-group">
      <details open={isOpen}>
        <summary>
          {title}
          <span className="session-facts figures">{t.sessions.count(count)}</span>
        </summary>
        <ul>{children}</ul>
        <button type="button" className="button-text" onClick={onDelete}>
          {t.sessions.deleteAll(count)}
        </button>
      </details>
    </li>
  );
}
