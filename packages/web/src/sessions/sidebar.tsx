import type { Session } from "@redis-memory-magic/protocol";
import { type ReactNode, useState } from "react";
import { serverNow } from "../api/server-clock.ts";
import { t } from "../texts/texts.ts";
import { Icon, Logo } from "../ui/icon.tsx";
import { useNow } from "../ui/use-now.ts";
import { listEntries, singleEntries } from "./list-entries.ts";
import { SessionGroup } from "./session-group.tsx";
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
  // A search is for one session, not for what it belongs to.
  const entries = search === "" ? listEntries(found) : singleEntries(found);
  const item = (branches: readonly [Session, ...Session[]], key: string) => {
    const session = branches.find(({ id }) => id === openId) ?? branches[0];
    return (
      <SessionItem
        key={key}
        session={session}
        branches={branches}
        isOpen={session.id === openId}
        now={timeLeftAt}
        onOpened={onOpened}
        {...actions}
      />
    );
  };
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
        {groupByDay(entries, now).map(({ day, entries: ofDay }) => (
          <section key={day} aria-label={t.sessions.days[day]}>
            <h2>{t.sessions.days[day]}</h2>
            <ul>
              {ofDay.map(({ key, kind, sessions }) =>
                kind === "session" || kind === "branches" ? (
                  item(sessions, key)
                ) : (
                  <SessionGroup
                    key={key}
                    title={t.sessions.groups[kind]}
                    count={sessions.length}
                    isOpen={sessions.some(({ id }) => id === openId)}
                    onDelete={() => actions.onDelete(sessions, t.sessions.groups[kind])}
                  >
                    {sessions.map((session) => item([session], session.id))}
                  </SessionGroup>
                ),
              )}
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
