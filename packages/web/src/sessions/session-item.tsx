import type { Session } from "@redis-memory-magic/protocol";
import { useRef, useState } from "react";
import { sessionLink } from "../chat/state/session-id.ts";
import { formatTimeSpan } from "../texts/format.ts";
import { t } from "../texts/texts.ts";
import { Icon } from "../ui/icon.tsx";
import { Menu, MenuItem } from "../ui/menu.tsx";
import { secondsUntil } from "../ui/seconds-until.ts";
import { RenameForm } from "./rename-form.tsx";
import { titleOf } from "./session-title.ts";
import { RUNS_OUT_SECONDS, TTL_OPTIONS } from "./ttl-options.ts";

export interface SessionActions {
  readonly onRename: (session: Session, title: string) => void;
  readonly onExtend: (session: Session, seconds: number) => void;
  readonly onExport: (session: Session, format: "json" | "markdown") => void;
  /** Deletes sessions that are shown as one entry. */
  readonly onDelete: (sessions: readonly Session[], title: string) => void;
}

interface SessionItemProps extends SessionActions {
  session: Session;
  /** The branches of its conversation, with itself. */
  branches: readonly Session[];
  isOpen: boolean;
  now: number;
  onOpened: () => void;
}

export function SessionItem({ session, branches, isOpen, now, onOpened, ...actions }: SessionItemProps) {
  const [isRenamed, setIsRenamed] = useState(false);
  const wasRenamed = useRef(false);
  const item = useRef<HTMLLIElement>(null);
  const title = titleOf(session);
  const left = secondsUntil(session.expires_at, now);
  return (
    <li ref={item} className="session" data-open={isOpen || undefined}>
      {isRenamed ? (
        <RenameForm
          title={title}
          onDone={(next) => {
            setIsRenamed(false);
            wasRenamed.current = true;
            if (next !== null) actions.onRename(session, next);
          }}
        />
      ) : (
        <a
          ref={(link) => {
            // The title field had the focus and is gone.
            if (wasRenamed.current && document.activeElement === document.body) link?.focus();
            wasRenamed.current = false;
          }}
          className="session-link"
          href={sessionLink(session.id)}
          aria-current={isOpen ? "page" : undefined}
          onClick={onOpened}
        >
          <span className="session-title" dir="auto">
            {title}
          </span>
          <span className="session-facts figures">
            {t.common.messages(session.message_count)} ·{" "}
            {branches.length > 1 && `${t.sessions.versions(branches.length)} · `}
            <span data-runs-out={left < RUNS_OUT_SECONDS || undefined}>
              {t.sessions.left(formatTimeSpan(left))}
            </span>
          </span>
          <span className="session-ttl" data-runs-out={left < RUNS_OUT_SECONDS || undefined}>
            <span style={{ width: `${Math.min(1, left / session.ttl_seconds) * 100}%` }} />
          </span>
        </a>
      )}
      <Menu
        label={t.sessions.actions(title)}
        buttonClass="button-icon session-menu"
        button={<Icon name="more" size={16} />}
      >
        <MenuItem onClick={() => setIsRenamed(true)}>{t.sessions.rename}</MenuItem>
        {TTL_OPTIONS.map(({ name, seconds }) => (
          <MenuItem key={seconds} onClick={() => actions.onExtend(session, seconds)}>
            {t.sessions.keepFor(t.sessions.ttls[name])}
          </MenuItem>
        ))}
        <MenuItem onClick={() => actions.onExport(session, "json")}>{t.sessions.exportJson}</MenuItem>
        <MenuItem onClick={() => actions.onExport(session, "markdown")}>{t.sessions.exportMarkdown}</MenuItem>
        <MenuItem
          destructive
          onClick={() => {
            focusNeighbour(item.current);
            actions.onDelete(branches, title);
          }}
        >
          {branches.length > 1 ? t.sessions.deleteVersions(branches.length) : t.sessions.delete}
        </MenuItem>
      </Menu>
    </li>
  );
}

/** Moves the focus to the next session: the menu that has it goes with this one. */
function focusNeighbour(item: HTMLLIElement | null): void {
  const neighbour = item?.nextElementSibling ?? item?.previousElementSibling;
  neighbour?.querySelector<HTMLElement>(".session-link")?.focus();
}
