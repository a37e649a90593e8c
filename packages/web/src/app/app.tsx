import { useEffect, useState } from "react";
import { useChoice } from "../choice/use-choice.ts";
import { useIdentity } from "../identity/use-identity.ts";
import { later } from "../later/later.tsx";
import { NotLoaded } from "../later/not-loaded.tsx";
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

const Account = later(async () => (await import("../identity/account.tsx")).Account, {
  Failed: () => <NotLoaded />,
});
const LoginView = later(async () => (await import("../identity/login-view.tsx")).LoginView, {
  Failed: () => <p>The login could not be loaded. Check the network, then reload the page.</p>,
});
const LanesView = later(async () => (await import("../lanes/lanes-view.tsx")).LanesView, {
  Failed: NotLoaded,
});
const SettingsDialog = later(async () => (await import("../settings/settings-dialog.tsx")).SettingsDialog, {
  Failed: NotLoaded,
});
const ShortcutsDialog = later(
  async () => (await import("../shortcuts/shortcuts-dialog.tsx")).ShortcutsDialog,
  { Failed: NotLoaded },
);

/** Whichever view is open has its own place to write. */
const writeMessage = () => document.querySelector<HTMLElement>("main textarea[aria-label=Message]")?.focus();

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
  const { noteUse } = session;
  useEffect(() => {
    if (ownHistory !== null) noteUse();
  }, [ownHistory, noteUse]);
  // Whichever way another session is opened, by the browser's "back" too, it is shown.
  // biome-ignore lint/correctness/useExhaustiveDependencies: when the session changes.
  useEffect(() => setComparing(false), [session.id]);
  const [dialog, setDialog] = useState<"settings" | "shortcuts" | null>(null);
  useQuestionMark(() => setDialog("shortcuts"));
  const open = state.sessions.find(({ id }) => id === session.id);
  useLifeOfNewSessions(list, open);

  if (refused) {
    return (
      <div className="app">
        <LoginView me={me} />
      </div>
    );
  }
  return (
    <div className="app">
      <button type="button" className="button skip" onClick={writeMessage}>
        Write a message
      </button>
      <SidePanel side="left" open={panel.isOpen} drawer={panel.isDrawer} onClose={close}>
        <Sidebar
          state={state}
          openId={session.id}
          actions={actions}
          onNew={() => {
            close();
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
                tour.start();
              }}
              onSettings={() => setDialog("settings")}
              onShortcuts={() => setDialog("shortcuts")}
              onImport={(file) =>
                attempt(async () => {
                  const imported = await loadSession(file);
                  close();
                  session.open(imported.id);
                })
              }
            />
          }
        />
      </SidePanel>
      {isComparing && server.data !== null && choice !== null ? (
        <LanesView
          providers={server.data.providers}
          maxChars={server.data.max_message_chars}
          choice={choice}
          onOpen={session.open}
          onClose={() => setComparing(false)}
        />
      ) : (
        <SessionView
          key={session.id}
          sessionId={session.id}
          server={server}
          session={open}
          isUnused={session.isUnused}
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
      {dialog === "settings" && (
        <SettingsDialog providers={server.data?.providers ?? []} onClose={() => setDialog(null)} />
      )}
      {dialog === "shortcuts" && <ShortcutsDialog onClose={() => setDialog(null)} />}
      <NoticeList />
    </div>
  );
}
