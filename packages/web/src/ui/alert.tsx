import type { ReactNode } from "react";
import { t } from "../texts/texts.ts";
import "./alert.css";
import { Icon, type IconName } from "./icon.tsx";

interface AlertProps {
  tone: "neutral" | "warn" | "bad";
  icon: IconName;
  children: ReactNode;
  actions?: ReactNode;
}

/** States what happened and, in `actions`, what the user can do about it. */
export function Alert({ tone, icon, children, actions }: AlertProps) {
  return (
    <div className="alert" data-tone={tone}>
      <Icon name={icon} size={16} />
      <p>{children}</p>
      {actions}
    </div>
  );
}

export function RetryButton({ onClick }: { onClick: () => void }) {
  return (
    <button type="button" className="button button-small" onClick={onClick}>
      <Icon name="retry" size={14} /> {t.common.tryAgain}
    </button>
  );
}
