import type { Session } from "@redis-memory-magic/protocol";
import { TtlMenu } from "../sessions/ttl-menu.tsx";
import { t } from "../texts/texts.ts";
import { Icon } from "../ui/icon.tsx";
import { ThemeButton } from "../ui/theme-button.tsx";
import "./header.css";

interface HeaderProps {
  title: string;
  session: Session | undefined;
  /** True if Redis no longer has what the page shows. */
  isExpired: boolean;
  canClear: boolean;
  inspectorOpen: boolean;
  /** Opens the list of sessions where it is a drawer; null where it is a column. */
  onSessions: (() => void) | null;
  onNew: () => void;
  onClear: () => void;
  onExtend: (seconds: number) => void;
  onInspect: () => void;
}

export function Header(props: HeaderProps) {
  const { title, session, canClear, inspectorOpen, onSessions } = props;
  return (
    <header className="header">
      {onSessions !== null && (
        <button type="button" className="button-icon" aria-label={t.header.sessions} onClick={onSessions}>
          <Icon name="menu" />
        </button>
      )}
      <h1 className="header-title" dir="auto">
        {title}
      </h1>
      {props.isExpired && (
        <span className="ttl ttl-expired">
          <Icon name="clock" size={15} /> {t.header.expired}
        </span>
      )}
      {session !== undefined && !props.isExpired && <TtlMenu session={session} onExtend={props.onExtend} />}
      {onSessions !== null && (
        <button type="button" className="button-icon" aria-label={t.common.newSession} onClick={props.onNew}>
          <Icon name="plus" />
        </button>
      )}
      <button
        type="button"
        className="button-icon"
        aria-label={t.header.clear}
        title={t.header.clearHint}
        disabled={!canClear}
        onClick={props.onClear}
      >
        <Icon name="clear" />
      </button>
      <button
        type="button"
        className="button-icon"
        aria-label={t.header.xray}
        title={t.header.xrayHint}
        aria-pressed={inspectorOpen}
        onClick={props.onInspect}
      >
        <Icon name="xray" />
      </button>
      <ThemeButton />
    </header>
  );
}
