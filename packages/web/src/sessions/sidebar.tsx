import type { Session } from "@redis-memory-magic/protocol";
import { type ReactNode, useState } from "react";
import { serverNow } from "../api/server-clock.ts";
import { t } from "../texts/texts.ts";
import { Icon, Logo } from "../ui/icon.tsx";
import { useNow } from "../ui/use-now.ts";
import { type SessionActions, SessionItem } from "./session-item.tsx";
import type { SessionListState } from "./session-list.ts";
import { groupByDay, searchSessions } from "./session-title.ts";
import "./sidebar.css";

interface SidebarProps {
  state: SessionListState;
  openId: string;
  actions: SessionActions;
  onNew: () => void;
  /** Called when a session is opened, so that a drawer closes. */
  onOpened: () => void;
  /** Opens the search for messages. */
  onFind: () => void;
  onLoadMore: () => void;
  foot: ReactNode;
}

export function Sidebar({ state, openId, actions, onNew, onOpened, onFind, onLoadMore, foot }: SidebarProps) {
  const [search, setSearch] = useState("");
  // Days are the user's, the time left is the server's.
  const now = useNow(1000);
  const timeLeftAt = useNow(1000, serverNow);
  const sessions = state.sessions.filter(({ id }) => !state.removing.has(id));
  const found = searchSessions(sessions, search);
  return (
    <nav className="sidebar" aria-label={t.sessions.name}>
      <p className="sidebar-brand">
        <Logo /> Memory Magic
      </p>
      <button
        type="button"
        className="button sidebar-new"
        aria-label={t.common.newSession}
        data-shortcut="Alt N"
        onClick={onNew}
      >
        {t.common.newSession}
      </button>
      <label className="sidebar-search">
        <Icon name="search" size={15} />
        <input
          type="search"
          aria-label={t.sessions.search}
          placeholder={t.sessions.search}
          value={search}
          onChange={(event) => setSearch(event.target.value)}
        />
      </label>
      <div className="sidebar-list">
        {groupByDay(found, now).map(({ day, sessions: ofDay }) => (
          <section key={day} aria-label={t.sessions.days[day]}>
            <h2>{t.sessions.days[day]}</h2>
            <ul>
              {ofDay.map((session) => (
                <SessionItem
                  key={session.id}
                  session={session}
                  isOpen={session.id === openId}
                  now={timeLeftAt}
                  onOpened={onOpened}
                  {...actions}
                />
              ))}
            </ul>
          </section>
        ))}
        <ListEnd state={state} found={found} search={search} onFind={onFind} onLoadMore={onLoadMore} />
      </div>
      <div className="sidebar-foot">{foot}</div>
    </nav>
  );
}

interface ListEndProps {
  state: SessionListState;
  found: readonly Session[];
  search: string;
  onFind: () => void;
  onLoadMore: () => void;
}

function ListEnd({ state, found, search, onFind, onLoadMore }: ListEndProps) {
  if (typeof state.load === "object") {
    return <p className="sidebar-note">{t.sessions.notListed(state.load.message)}</p>;
  }
  if (search !== "") {
    return (
      <p className="sidebar-note">
        {found.length === 0 && `${t.sessions.noTitle} `}
        <button type="button" className="button-text" onClick={onFind}>
          {t.sessions.searchMessages}
        </button>
      </p>
    );
  }
  if (state.nextCursor !== null) {
    return (
      <button type="button" className="button button-small" onClick={onLoadMore}>
        {t.sessions.older}
      </button>
    );
  }
  if (state.load === "ready" && found.length === 0) {
    return <p className="sidebar-note">{t.sessions.none}</p>;
  }
  return null;
}
