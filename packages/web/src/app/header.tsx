import type { Session } from "@redis-memory-magic/protocol";
import { Icon } from "../icons/icon.tsx";
import { LifeMenu } from "../sessions/life-menu.tsx";
import { ThemeButton } from "../theme/theme-button.tsx";
import "./header.css";

interface HeaderProps {
  title: string;
  session: Session | undefined;
  canClear: boolean;
  xrayOpen: boolean;
  /** Where the sessions are a drawer: how to open it. */
  onSessions: (() => void) | null;
  onNew: () => void;
  onClear: () => void;
  onExtend: (seconds: number) => void;
  onXray: () => void;
}

export function Header(props: HeaderProps) {
  const { title, session, canClear, xrayOpen, onSessions } = props;
  return (
    <header className="header">
      {onSessions !== null && (
        <button type="button" className="button-icon" aria-label="Sessions" onClick={onSessions}>
          <Icon name="menu" />
        </button>
      )}
      <h1 className="header-title" dir="auto">
        {title}
      </h1>
      {session !== undefined && <LifeMenu session={session} onExtend={props.onExtend} />}
      {onSessions !== null && (
        <button type="button" className="button-icon" aria-label="New session" onClick={props.onNew}>
          <Icon name="plus" />
        </button>
      )}
      <button
        type="button"
        className="button-icon"
        aria-label="Clear session"
        title="Clear session: delete its messages from Redis"
        disabled={!canClear}
        onClick={props.onClear}
      >
        <Icon name="clear" />
      </button>
      <button
        type="button"
        className="button-icon"
        aria-label="X-ray"
        title="X-ray: what the model is sent"
        aria-pressed={xrayOpen}
        onClick={props.onXray}
      >
        <Icon name="xray" />
      </button>
      <ThemeButton />
    </header>
  );
}
