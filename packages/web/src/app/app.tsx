import { useState } from "react";
import { NoticeList } from "../notices/notice-list.tsx";
import { SidePanel } from "../panel/side-panel.tsx";
import { useProviders } from "../providers/use-providers.ts";
import { useSessionId } from "../session/use-session-id.ts";
import { Sidebar } from "../sessions/sidebar.tsx";
import { useSessionActions } from "../sessions/use-session-actions.ts";
import { useSessionList } from "../sessions/use-session-list.ts";
import "./app.css";
import { SessionView } from "./session-view.tsx";
import { useSessionsPanel } from "./use-drawers.ts";

export function App() {
  const session = useSessionId();
  const server = useProviders();
  const [history, setHistory] = useState<string | null>(null);
  const { list, state } = useSessionList(session.id, history);
  const actions = useSessionActions(list, session);
  const panel = useSessionsPanel();
  const close = () => panel.setOpen(false);

  return (
    <div className="app">
      <SidePanel side="left" open={panel.isOpen} drawer={panel.isDrawer} onClose={close}>
        <Sidebar
          state={state}
          openId={session.id}
          actions={actions}
          onNew={() => {
            close();
            session.openNew();
          }}
          onOpened={close}
          onSearch={() => void list.loadAll()}
          onLoadMore={() => void list.loadMore()}
          foot={null}
        />
      </SidePanel>
      <SessionView
        key={session.id}
        sessionId={session.id}
        server={server}
        session={state.sessions.find(({ id }) => id === session.id)}
        sessions={state.sessions}
        onOpen={session.open}
        onHistory={setHistory}
        onNew={session.openNew}
        onExtend={actions.onExtend}
        onSessions={panel.isDrawer ? () => panel.setOpen(true) : null}
      />
      <NoticeList />
    </div>
  );
}
