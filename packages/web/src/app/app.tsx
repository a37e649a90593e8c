import { lazy, Suspense, useState } from "react";
import { useChoice } from "../choice/use-choice.ts";
import { useIdentity } from "../identity/use-identity.ts";
import { attempt } from "../notices/attempt.ts";
import { NoticeList } from "../notices/notice-list.tsx";
import { SidePanel } from "../panel/side-panel.tsx";
import { useProviders } from "../providers/use-providers.ts";
import { useSessionId } from "../session/use-session-id.ts";
import { loadSession } from "../sessions/session-files.ts";
import { Sidebar } from "../sessions/sidebar.tsx";
import { SidebarFoot } from "../sessions/sidebar-foot.tsx";
import { useLifeOfNewSessions } from "../sessions/use-life-of-new-sessions.ts";
import { useSessionActions } from "../sessions/use-session-actions.ts";
import { useSessionList } from "../sessions/use-session-list.ts";
import { useQuestionMark } from "../shortcuts/use-shortcuts.ts";
import { useTour } from "../tour/use-tour.ts";
import "./app.css";
import { SessionView } from "./session-view.tsx";
import { useSessionsPanel } from "./use-drawers.ts";

const Account = lazy(async () => ({ default: (await import("../identity/account.tsx")).Account }));
const LoginView = lazy(async () => ({ default: (await import("../identity/login-view.tsx")).LoginView }));
const LanesView = lazy(async () => ({ default: (await import("../lanes/lanes-view.tsx")).LanesView }));
const SettingsDialog = lazy(async () => ({
  default: (await import("../settings/settings-dialog.tsx")).SettingsDialog,
}));
const ShortcutsDialog = lazy(async () => ({
  default: (await import("../shortcuts/shortcuts-dialog.tsx")).ShortcutsDialog,
}));

export function App() {
  const session = useSessionId();
  const { me, refused } = useIdentity();
  const server = useProviders();
  const [history, setHistory] = useState<string | null>(null);
  // Until the next session has told its own, the last one's is still here.
  const ownHistory = history?.startsWith(`${session.id} `) ? history : null;
  const { choice } = useChoice(server.data);
  const { list, state } = useSessionList(session.id, ownHistory);
  const actions = useSessionActions(list, session);
  const panel = useSessionsPanel();
  const close = () => panel.setOpen(false);
  const tour = useTour(session.openNew);
  const [isComparing, setComparing] = useState(false);
  const [dialog, setDialog] = useState<"settings" | "shortcuts" | null>(null);
  useQuestionMark(() => setDialog("shortcuts"));
  const open = state.sessions.find(({ id }) => id === session.id);
  useLifeOfNewSessions(list, open);

  if (refused) {
    return (
      <div className="app">
        <Suspense>
          <LoginView me={me} />
        </Suspense>
      </div>
    );
  }
  return (
    <div className="app">
      <SidePanel side="left" open={panel.isOpen} drawer={panel.isDrawer} onClose={close}>
        <Sidebar
          state={state}
          openId={session.id}
          actions={actions}
          onNew={() => {
            close();
            setComparing(false);
            session.openNew();
          }}
          onOpened={() => {
            close();
            setComparing(false);
          }}
          onLoadMore={() => void list.loadMore()}
          foot={
            <SidebarFoot
              account={me?.authenticated && me.via !== "none" && <Account me={me} />}
              onCompare={() => {
                close();
                setComparing(true);
              }}
              onTour={() => {
                close();
                setComparing(false);
                tour.start();
              }}
              onSettings={() => setDialog("settings")}
              onShortcuts={() => setDialog("shortcuts")}
              onImport={(file) =>
                attempt(async () => {
                  const imported = await loadSession(file);
                  close();
                  setComparing(false);
                  session.open(imported.id);
                })
              }
            />
          }
        />
      </SidePanel>
      {isComparing && choice !== null ? (
        <Suspense>
          <LanesView
            providers={server.data?.providers ?? []}
            choice={choice}
            onOpen={(id) => {
              setComparing(false);
              session.open(id);
            }}
            onClose={() => setComparing(false)}
          />
        </Suspense>
      ) : (
        <SessionView
          key={session.id}
          sessionId={session.id}
          server={server}
          session={open}
          tour={tour}
          isRedisAway={typeof state.load === "object" && state.load.code === "storage_unavailable"}
          sessions={state.sessions}
          onOpen={session.open}
          onHistory={setHistory}
          onNew={session.openNew}
          onExtend={actions.onExtend}
          onSessions={panel.isDrawer ? () => panel.setOpen(true) : null}
        />
      )}
      <Suspense>
        {dialog === "settings" && (
          <SettingsDialog providers={server.data?.providers ?? []} onClose={() => setDialog(null)} />
        )}
        {dialog === "shortcuts" && <ShortcutsDialog onClose={() => setDialog(null)} />}
      </Suspense>
      <NoticeList />
    </div>
  );
}
