import type { Session } from "@redis-memory-magic/protocol";
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";
import { ChoicesBar } from "../chat/composer/choices-bar.tsx";
import { RedisNotice } from "../chat/composer/redis-notice.tsx";
import { SessionComposer } from "../chat/composer/session-composer.tsx";
import { ChatLiveRegions } from "../chat/log/chat-live-regions.tsx";
import { ConversationLog, MessageList } from "../chat/log/conversation-log.tsx";
import type { RowActions } from "../chat/log/row-actions.ts";
import { Scenarios } from "../chat/log/scenarios.tsx";
import { clearWithUndo } from "../chat/state/clear-with-undo.ts";
import { useChat } from "../chat/state/use-chat.ts";
import { useMemoryLine } from "../chat/state/use-memory-line.ts";
import { usePricing } from "../chat/state/use-pricing.ts";
import type { Providers } from "../chat/state/use-providers.ts";
import { useInspectedTurn } from "../inspector/use-inspected-turn.ts";
import { titleOf } from "../sessions/session-title.ts";
import { useExpiry } from "../sessions/use-expiry.ts";
import { t } from "../texts/texts.ts";
import type { Tour } from "../tour/use-tour.ts";
import { focusField } from "../ui/focus-field.ts";
import { lazyComponent } from "../ui/lazy-component.tsx";
import { LoadError } from "../ui/load-error.tsx";
import { SidePanel } from "../ui/side-panel.tsx";
import { useShortcuts } from "../ui/use-shortcuts.ts";
import { Header } from "./header.tsx";
import { useInspectorPanel } from "./use-drawers.ts";
import { useRowActions } from "./use-row-actions.ts";

const SessionInspector = lazyComponent(
  async () => (await import("../inspector/session-inspector.tsx")).SessionInspector,
  { Failed: ({ onRetry, onClose }) => <LoadError onRetry={onRetry} onClose={onClose} inPlace /> },
);
const NextStepChip = lazyComponent(
  async () => (await import("../chat/composer/next-step.tsx")).NextStepChip,
  // The step can be written instead.
  { Failed: () => null },
);
const TurnComparison = lazyComponent(
  async () => (await import("../compare/turn-comparison.tsx")).TurnComparison,
);
const TourCard = lazyComponent(async () => (await import("../tour/tour-card.tsx")).TourCard, {
  Failed: ({ tour, onRetry }) => <LoadError onRetry={onRetry} onClose={tour.leave} />,
});

interface SessionViewProps {
  sessionId: string;
  server: Providers;
  /** The session as listed; undefined until the list is loaded, and for a session without a message. */
  session: Session | undefined;
  /** True if the session was created here and has no message yet. */
  isUnused: boolean;
  /** All known sessions, to find the branches among them. */
  sessions: readonly Session[];
  tour: Tour;
  /** True while the server reports that Redis cannot be reached. */
  isRedisAway: boolean;
  /** Called when the session's messages have changed; null: the session has none. */
  onHistory: (history: string | null) => void;
  onNew: () => void;
  onOpen: (sessionId: string) => void;
  onExtend: (session: Session, seconds: number) => void;
  /** Opens the comparison of configurations. */
  onCompare: () => void;
  /** Opens the notes with a new one that begins with a message. */
  onKeep: NonNullable<RowActions["onKeep"]>;
  /** Deletes sessions and opens a new one. */
  onForget: (sessionIds: readonly string[]) => void;
  /** Opens the list of sessions where it is a drawer; null where it is a column. */
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
  const { conversation, state, mode, choose, providers, preview, changeDraft, history } = chat;
  const { messages, live } = state;
  const panel = useInspectorPanel();
  const { inspected, setInspected, inspectedTurn, hover, lined } = useInspectedTurn(sessionId, live !== null);
  const line = useMemoryLine({ messages, mode: mode ?? "stateful", preview, turn: lined });
  const pricing = usePricing(providers);
  const input = useRef<HTMLTextAreaElement>(null);

  // Until the session is listed: the first message, as the server does it.
  const first = state.olderBefore === null ? messages.find(({ role }) => role === "user") : undefined;
  const title = session
    ? titleOf(session)
    : (first?.content ?? (isUnused || state.load === "ready" ? t.common.newSession : ""));
  useEffect(() => {
    document.title = title === "" ? "Memory Magic" : `${title} · Memory Magic`;
  }, [title]);

  // With what the view shows first: a moment later, the field would take the focus from what the user has chosen.
  useLayoutEffect(() => focusField(input.current), []);

  useExpiry(session, conversation, sessions);
  useShortcuts({
    KeyM: () => mode && choose({ mode: mode === "stateful" ? "stateless" : "stateful" }),
    KeyX: () => panel.setOpen(!panel.isOpen),
    KeyN: props.onNew,
    KeyI: () => input.current?.focus(),
  });

  useEffect(() => onHistory(history), [history, onHistory]);
  useEffect(() => {
    if (!isUnused) MessageList.preload();
  }, [isUnused]);

  const isReachable = server.error === null && !isRedisAway;
  useEffect(() => {
    // The last answer may have ended while the server could not be reached.
    if (isReachable) void conversation.refresh();
  }, [isReachable, conversation]);

  const [comparedTurn, setComparedTurn] = useState<string | null>(null);
  const { setOpen } = panel;
  const onInspect = useCallback(
    (turnId: string) => {
      setInspected(turnId);
      setOpen(true);
    },
    [setInspected, setOpen],
  );
  const showNext = useCallback(() => setInspected(null), [setInspected]);
  const closeXray = useCallback(() => setOpen(false), [setOpen]);
  const actions = useRowActions(chat, {
    hover,
    onInspect,
    onCompareMemory: setComparedTurn,
    onKeep: props.onKeep,
    onOpen,
    input,
  });

  return (
    <div className="session-view">
      <main className="main" onInput={MessageList.preload}>
        <Header
          title={title}
          session={session}
          isExpired={state.gone !== null && history === null}
          canClear={messages.length > 0}
          inspectorOpen={panel.isOpen}
          onSessions={props.onSessions}
          onNew={props.onNew}
          onClear={() => {
            // The turn that the X-ray may show is deleted too.
            showNext();
            void clearWithUndo(conversation);
          }}
          onExtend={(seconds) => session && props.onExtend(session, seconds)}
          onInspect={() => panel.setOpen(!panel.isOpen)}
        />
        <ChoicesBar
          mode={mode}
          memory={chat.memory}
          chosen={chat.chosenProvider}
          choose={choose}
          providers={providers}
        />
        {isRedisAway && <RedisNotice mode={mode ?? "stateful"} />}
        <ConversationLog
          state={state}
          line={line}
          sessions={sessions}
          actions={actions}
          onReachTop={() => void conversation.loadOlder()}
          empty={
            (isUnused || state.load === "ready") && (
              <Scenarios
                isMissing={!isUnused && !state.isCleared}
                onTry={({ mode, settings }, message) => {
                  choose({ mode, ...settings });
                  changeDraft(message);
                  input.current?.focus();
                }}
              />
            )
          }
        />
        {tour.index !== null ? (
          <TourCard
            tour={tour}
            chat={chat}
            onCompare={props.onCompare}
            onSlider={() => setOpen(true)}
            onDelete={props.onForget}
          />
        ) : (
          messages.length > 0 && <NextStepChip chat={chat} onCompareMemory={setComparedTurn} />
        )}
        <SessionComposer
          chat={chat}
          server={server}
          pricing={pricing}
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
        <SessionInspector
          chat={chat}
          pricing={pricing}
          turnId={inspected}
          turn={inspectedTurn}
          onShowNext={showNext}
          onClose={closeXray}
        />
      </SidePanel>
      <ChatLiveRegions chat={chat} />
      {comparedTurn !== null && (
        <TurnComparison
          chat={chat}
          turnId={comparedTurn}
          onOpen={onOpen}
          onClose={() => setComparedTurn(null)}
        />
      )}
    </div>
  );
}
