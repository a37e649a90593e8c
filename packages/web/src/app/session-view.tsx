import type { Session } from "@redis-memory-magic/protocol";
import { useCallback, useEffect, useMemo, useRef } from "react";
import { branchPoints } from "../branches/branches.ts";
import { clearWithUndo } from "../conversation/clear-with-undo.ts";
import { ConversationLog, loadFilledLog } from "../conversation/conversation-log.tsx";
import { Scenarios } from "../conversation/scenarios.tsx";
import { later } from "../later/later.tsx";
import { NotLoaded } from "../later/not-loaded.tsx";
import { useMemoryLine } from "../memory-line/use-memory-line.ts";
import { SidePanel } from "../panel/side-panel.tsx";
import { usePricing } from "../pricing/use-pricing.ts";
import type { Providers } from "../providers/use-providers.ts";
import { titleOf } from "../sessions/session-title.ts";
import { useExpiry } from "../sessions/use-expiry.ts";
import { useShortcuts } from "../shortcuts/use-shortcuts.ts";
import type { Tour } from "../tour/use-tour.ts";
import { ChatAnnouncer } from "./chat-announcer.tsx";
import { ChoicesBar } from "./choices-bar.tsx";
import { Header } from "./header.tsx";
import { RedisNotice } from "./redis-notice.tsx";
import { SessionComposer } from "./session-composer.tsx";
import { useChat } from "./use-chat.ts";
import { useXrayPanel } from "./use-drawers.ts";
import { useLookedAtTurn } from "./use-looked-at-turn.ts";
import { useRowActions } from "./use-row-actions.ts";

const SessionXray = later(async () => (await import("./session-xray.tsx")).SessionXray, {
  Failed: () => <NotLoaded />,
});
const TourCard = later(async () => (await import("../tour/tour-card.tsx")).TourCard, {
  Failed: ({ tour }) => <NotLoaded onClose={tour.leave} />,
});
/** Whether it can be had is seen when it is shown. */
const prepareLog = () => void loadFilledLog().catch(() => {});

interface SessionViewProps {
  sessionId: string;
  server: Providers;
  /** As the list has it; undefined until it is there, and for a session that has not been used. */
  session: Session | undefined;
  /** Made here, and nothing was said in it yet. */
  isUnused: boolean;
  /** All that are known, for the branches among them. */
  sessions: readonly Session[];
  tour: Tour;
  /** Nothing can be stored or read now. */
  isRedisAway: boolean;
  /** The session's messages have changed; null: it has none. */
  onHistory: (history: string | null) => void;
  onNew: () => void;
  onOpen: (sessionId: string) => void;
  onExtend: (session: Session, seconds: number) => void;
  /** Where the sessions are a drawer: how to open it. */
  onSessions: (() => void) | null;
}

export function SessionView({
  sessionId,
  server,
  session,
  isUnused,
  sessions,
  tour,
  isRedisAway,
  onHistory,
  onOpen,
  ...props
}: SessionViewProps) {
  const chat = useChat(sessionId, server);
  const { conversation, state, mode, choice, choose, providers, preview, changeNote, history } = chat;
  const { messages, live } = state;
  const panel = useXrayPanel();
  const { xrayed, setXrayed, xrayedTurn, point, lined } = useLookedAtTurn(sessionId, live !== null);
  const line = useMemoryLine({ messages, mode: mode ?? "stateful", preview, turn: lined });
  const branches = useMemo(() => branchPoints(sessions, sessionId), [sessions, sessionId]);
  const pricing = usePricing(providers);
  const input = useRef<HTMLTextAreaElement>(null);

  // Until the list has it: as the server makes it, of the first message.
  const first = state.olderBefore === null ? messages.find(({ role }) => role === "user") : undefined;
  const title = session
    ? titleOf(session)
    : (first?.content ?? (isUnused || state.load === "ready" ? "New session" : ""));
  useEffect(() => {
    document.title = title === "" ? "Memory Magic" : `${title} · Memory Magic`;
  }, [title]);

  useExpiry(session, conversation);
  useShortcuts({
    KeyM: () => mode && choose({ mode: mode === "stateful" ? "stateless" : "stateful" }),
    KeyX: () => panel.setOpen(!panel.isOpen),
    KeyN: props.onNew,
    KeyI: () => input.current?.focus(),
  });

  useEffect(() => onHistory(history), [history, onHistory]);
  useEffect(() => {
    if (!isUnused) prepareLog();
  }, [isUnused]);

  const isReachable = server.error === null && !isRedisAway;
  useEffect(() => {
    // What happened to the last answer while nobody could be asked.
    if (isReachable) void conversation.refresh();
  }, [isReachable, conversation]);

  const { setOpen } = panel;
  const onXray = useCallback(
    (turnId: string) => {
      setXrayed(turnId);
      setOpen(true);
    },
    [setXrayed, setOpen],
  );
  const showNext = useCallback(() => setXrayed(null), [setXrayed]);
  const closeXray = useCallback(() => setOpen(false), [setOpen]);
  const actions = useRowActions(chat, { point, onXray, onOpen, input });

  return (
    <div className="session-view">
      <main className="main" onFocus={prepareLog}>
        <Header
          title={title}
          session={session}
          canClear={messages.length > 0}
          xrayOpen={panel.isOpen}
          onSessions={props.onSessions}
          onNew={props.onNew}
          onClear={() => void clearWithUndo(conversation)}
          onExtend={(seconds) => session && props.onExtend(session, seconds)}
          onXray={() => panel.setOpen(!panel.isOpen)}
        />
        <ChoicesBar mode={mode} choice={choice} choose={choose} providers={providers} />
        {isRedisAway && <RedisNotice mode={mode ?? "stateful"} />}
        <ConversationLog
          state={state}
          line={line}
          branches={branches}
          actions={actions}
          onReachTop={() => void conversation.loadOlder()}
          empty={
            (isUnused || state.load === "ready") && (
              <Scenarios
                isMissing={!isUnused}
                onTry={({ mode, message }) => {
                  choose({ mode });
                  changeNote({ draft: message });
                  input.current?.focus();
                }}
              />
            )
          }
        />
        {tour.index !== null && <TourCard tour={tour} chat={chat} />}
        <SessionComposer
          chat={chat}
          server={server}
          pricing={pricing}
          lined={line.sent.size}
          isConnected={lined === null}
          input={input}
        />
      </main>
      <SidePanel
        side="right"
        open={panel.isOpen}
        drawer={panel.isDrawer}
        onClose={() => panel.setOpen(false)}
      >
        <SessionXray
          chat={chat}
          pricing={pricing}
          turnId={xrayed}
          turn={xrayedTurn}
          onShowNext={showNext}
          onClose={closeXray}
        />
      </SidePanel>
      <ChatAnnouncer chat={chat} />
    </div>
  );
}
