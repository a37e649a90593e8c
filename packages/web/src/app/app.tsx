import { useCallback, useEffect, useState, useSyncExternalStore } from "react";
import { redisState } from "../api/redis-state.ts";
import { toastErrors } from "../api/toast-errors.ts";
import { useIdentity } from "../auth/use-identity.ts";
import type { ShownMessage } from "../chat/state/shown-message.ts";
import { useNewChoice } from "../chat/state/use-choice.ts";
import { useProviders } from "../chat/state/use-providers.ts";
import { loadSession } from "../sessions/session-files.ts";
import { Sidebar } from "../sessions/sidebar.tsx";
import { SidebarFoot } from "../sessions/sidebar-foot.tsx";
import { useDefaultTtl } from "../sessions/use-default-ttl.ts";
import { useOpenSession } from "../sessions/use-open-session.ts";
import { useSessionActions } from "../sessions/use-session-actions.ts";
import { useSessionList } from "../sessions/use-session-list.ts";
import { t } from "../texts/texts.ts";
import { useTour } from "../tour/use-tour.ts";
import { messageField } from "../ui/keep-focus.ts";
import { lazyComponent } from "../ui/lazy-component.tsx";
import { SidePanel } from "../ui/side-panel.tsx";
import { ToastList } from "../ui/toast-list.tsx";
import { useCtrlK, useQuestionMark } from "../ui/use-shortcuts.ts";
import "./app.css";
import { SessionView } from "./session-view.tsx";
import { useSessionsPanel } from "./use-drawers.ts";

const Account = lazyComponent(async () => (await import("../auth/account.tsx")).Account);
const LoginView = lazyComponent(async () => (await import("../auth/login-view.tsx")).LoginView);
const CompareView = lazyComponent(async () => (await import("../compare/compare-view.tsx")).CompareView);
const SettingsDialog = lazyComponent(async () => (await import("./settings-dialog.tsx")).SettingsDialog);
const NotesDialog = lazyComponent(async () => (await import("../notes/notes-dialog.tsx")).NotesDialog);
const PaletteDialog = lazyComponent(async () => (await import("./palette-dialog.tsx")).PaletteDialog);
const ShortcutsDialog = lazyComponent(async () => (await import("./shortcuts-dialog.tsx")).ShortcutsDialog);

export function App() {
  const session = useOpenSession();
  const { me, refused } = useIdentity();
  const server = useProviders();
  const [history, setHistory] = useState<string | null>(null);
  // After a switch the value may still be that of the session before.
  const ownHistory = history?.startsWith(`${session.id} `) ? history : null;
  const newChoice = useNewChoice(server.data);
  const { list, state } = useSessionList(session.id, ownHistory);
  const actions = useSessionActions(list, session);
  const { isAway: isRedisAway } = useSyncExternalStore(redisState.subscribe, redisState.get);
  const panel = useSessionsPanel();
  const close = () => panel.setOpen(false);
  const tour = useTour(session.openNewIn);
  const [isComparing, setComparing] = useState(false);
  const { noteUse } = session;
  useEffect(() => {
    if (ownHistory !== null) noteUse();
  }, [ownHistory, noteUse]);
  // Opening another session, also by the browser's "back", leaves side by side.
  // biome-ignore lint/correctness/useExhaustiveDependencies: runs when the session changes.
  useEffect(() => setComparing(false), [session.id]);
  const [dialog, setDialog] = useState<"settings" | "shortcuts" | "palette" | null>(null);
  const [notes, setNotes] = useState<{ kept: ShownMessage | null } | null>(null);
  const onKeep = useCallback((kept: ShownMessage) => setNotes({ kept }), []);
  useQuestionMark(() => setDialog("shortcuts"));
  useCtrlK(() => setDialog("palette"));
  const open = state.sessions.find(({ id }) => id === session.id);
  useDefaultTtl(list, open);

  if (refused) {
    return (
      <div className="app">
        <LoginView me={me} />
      </div>
    );
  }
  return (
    <div className="app">
      <button type="button" className="button skip" onClick={() => messageField()?.focus()}>
        {t.header.skipToMessage}
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
          onFind={() => setDialog("palette")}
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
              onNotes={() => setNotes({ kept: null })}
              onSettings={() => setDialog("settings")}
              onShortcuts={() => setDialog("shortcuts")}
              onImport={(file) =>
                toastErrors(async () => {
                  const imported = await loadSession(file);
                  close();
                  session.open(imported.id);
                })
              }
            />
          }
        />
      </SidePanel>
      {isComparing && server.data !== null && newChoice !== null ? (
        <CompareView
          providers={server.data.providers}
          maxChars={server.data.max_message_chars}
          choice={newChoice}
          onOpen={session.open}
          onTurn={() => void list.refresh(null)}
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
          isRedisAway={isRedisAway}
          sessions={state.sessions}
          onOpen={session.open}
          onHistory={setHistory}
          onNew={session.openNew}
          onExtend={actions.onExtend}
          onCompare={() => setComparing(true)}
          onKeep={onKeep}
          onForget={(ids) =>
            toastErrors(async () => {
              session.openNew();
              await list.removeAll(ids);
            })
          }
          onSessions={panel.isDrawer ? () => panel.setOpen(true) : null}
        />
      )}
      {dialog === "settings" && (
        <SettingsDialog providers={server.data?.providers ?? []} onClose={() => setDialog(null)} />
      )}
      {notes !== null && (
        <NotesDialog
          sessionId={session.id}
          kept={notes.kept}
          onOpen={session.open}
          onClose={() => setNotes(null)}
        />
      )}
      {dialog === "palette" && (
        <PaletteDialog
          commands={[
            { label: t.common.newSession, run: session.openNew },
            { label: t.common.sideBySide, run: () => setComparing(true) },
            { label: t.common.guidedTour, run: tour.start },
            { label: t.common.notes, run: () => setNotes({ kept: null }) },
            { label: t.common.settings, run: () => setDialog("settings") },
            { label: t.common.keyboardShortcuts, run: () => setDialog("shortcuts") },
          ]}
          sessions={state.sessions.filter(({ id }) => !state.removing.has(id))}
          onOpen={(id) => {
            close();
            setComparing(false);
            session.open(id);
          }}
          onClose={() => setDialog(null)}
        />
      )}
      {dialog === "shortcuts" && <ShortcutsDialog onClose={() => setDialog(null)} />}
      <ToastList />
    </div>
  );
}
