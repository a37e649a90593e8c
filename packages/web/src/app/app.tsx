import { useCallback, useMemo, useRef, useState } from "react";
import { Announcer } from "../announcer/announcer.tsx";
import { MemoryChoice } from "../choice/memory-choice.tsx";
import { useChoice } from "../choice/use-choice.ts";
import { Composer } from "../composer/composer.tsx";
import { SendingSummary } from "../composer/sending-summary.tsx";
import { ConversationLog } from "../conversation/conversation-log.tsx";
import { Note, TryAgain } from "../conversation/notes.tsx";
import { Scenarios } from "../conversation/scenarios.tsx";
import { useConversation } from "../conversation/use-conversation.ts";
import { counted } from "../format/format.ts";
import { countSent, lineOfNextTurn } from "../memory-line/memory-line.ts";
import { useContextPreview } from "../memory-line/use-context-preview.ts";
import { ProviderChoice, ProviderNotice } from "../providers/provider-choice.tsx";
import { useProviders } from "../providers/use-providers.ts";
import { useSessionId } from "../session/use-session-id.ts";
import "./app.css";
import { Header } from "./header.tsx";
import { useFailure } from "./use-failure.ts";

const DEFAULT_MAX_CHARS = 2000;
const NO_PROVIDERS = [] as const;

export function App() {
  const session = useSessionId();
  const server = useProviders();
  const { choice, choose } = useChoice(server.data);
  const { conversation, state } = useConversation(session.id);
  const { failure, attempt, dismiss } = useFailure();
  const [draft, setDraft] = useState("");
  const input = useRef<HTMLTextAreaElement>(null);

  const providers = server.data?.providers ?? NO_PROVIDERS;
  const provider = providers.find(({ id }) => id === choice?.provider);
  const { messages, live } = state;

  const history = `${messages.length}:${messages.findLast(({ id }) => id !== null)?.id}`;
  const preview = useContextPreview({
    sessionId: session.id,
    // Who cannot answer cannot count either.
    choice: provider?.available ? choice : null,
    draft,
    history,
    paused: live !== null,
  });
  const line = useMemo(
    () => lineOfNextTurn(messages, choice?.mode ?? "stateful", preview),
    [messages, choice?.mode, preview],
  );

  const actions = useMemo(
    () => ({
      providers,
      onRetry: () => choice && conversation.retry(choice),
      onResend: (message: Parameters<typeof conversation.resend>[0]) =>
        choice && conversation.resend(message, choice),
      onEditRefused(message: { key: string; content: string }) {
        conversation.discard(message.key);
        setDraft(message.content);
        input.current?.focus();
      },
    }),
    [providers, choice, conversation],
  );
  const loadOlder = useCallback(() => void conversation.loadOlder(), [conversation]);

  function send() {
    if (choice === null) return;
    choose(choice);
    dismiss();
    conversation.send(draft, choice);
    setDraft("");
  }

  const blocked =
    choice === null
      ? (server.error?.message ?? "Connecting to the server…")
      : provider !== undefined && !provider.available
        ? `${provider.name} is not available. Choose another provider.`
        : state.load === "loading"
          ? "Loading the conversation…"
          : null;
  const problem = server.error ?? (typeof state.load === "object" ? state.load : null);

  return (
    <div className="app">
      <Header
        title={messages.find(({ role }) => role === "user")?.content ?? null}
        canClear={messages.length > 0}
        onNew={() => {
          session.openNew();
          input.current?.focus();
        }}
        onClear={() => attempt(() => conversation.clear())}
      />
      <main className="main">
        <div className="choices">
          <MemoryChoice mode={choice?.mode ?? null} onChange={(mode) => choose({ mode })} />
          <ProviderChoice
            providers={providers}
            chosen={choice?.provider ?? null}
            onChange={(id) => choose({ provider: id })}
          />
        </div>
        <ProviderNotice provider={provider} />
        <ConversationLog
          state={state}
          line={line}
          actions={actions}
          onReachTop={loadOlder}
          empty={
            <Scenarios
              onTry={({ mode, message }) => {
                choose({ mode });
                setDraft(message);
                input.current?.focus();
              }}
            />
          }
        />
        <Composer
          draft={draft}
          onDraft={setDraft}
          maxChars={server.data?.max_message_chars ?? DEFAULT_MAX_CHARS}
          onSend={send}
          blocked={blocked}
          running={live !== null}
          stopping={state.stopping}
          onStop={() => attempt(() => conversation.stop())}
          waiting={state.waiting}
          onDiscardWaiting={(key) => conversation.discard(key)}
          onSendWaiting={() => conversation.sendWaiting()}
          connected={messages.length > 0 && choice?.mode === "stateful"}
          input={input}
          notes={
            <>
              {problem !== null && (
                <Note
                  tone="bad"
                  icon="warning"
                  actions={<TryAgain onClick={() => void conversation.load()} />}
                >
                  {problem.message}
                </Note>
              )}
              {failure !== null && (
                <Note tone="bad" icon="warning">
                  {failure}
                </Note>
              )}
            </>
          }
          summary={
            choice !== null && (
              <SendingSummary choice={choice} preview={preview} lined={line.sent.size} provider={provider} />
            )
          }
        />
      </main>
      <Announcer words={preview === null ? "" : `${counted(countSent(preview), "message")} will be sent`} />
      <Announcer words={live === null ? lastAnswer(messages) : "The assistant is answering"} />
    </div>
  );
}

function lastAnswer(messages: readonly { role: string; content: string }[]): string {
  const last = messages.at(-1);
  return last?.role === "assistant" ? `The assistant said: ${last.content}` : "";
}
