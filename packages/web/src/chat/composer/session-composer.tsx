import { type ComponentProps, type RefObject, useEffect } from "react";
import { toastErrors } from "../../api/toast-errors.ts";
import { t } from "../../texts/texts.ts";
import { Alert, RetryButton } from "../../ui/alert.tsx";
import { focusField } from "../../ui/focus-field.ts";
import { lazyComponent } from "../../ui/lazy-component.tsx";
import { useEscape } from "../../ui/use-escape.ts";
import type { Chat } from "../state/use-chat.ts";
import type { Pricing } from "../state/use-pricing.ts";
import type { Providers } from "../state/use-providers.ts";
import { type Blocked, Composer } from "./composer.tsx";
import { ModelChoice } from "./model-choice.tsx";
import { SendingSummary } from "./sending-summary.tsx";
import { useFileDrop } from "./use-file-drop.ts";

const FilledAttachments = lazyComponent(
  async () => (await import("../attachments/attachments.tsx")).Attachments,
);
/** Loaded with the first file. */
const DraftAttachments = (props: ComponentProps<typeof FilledAttachments>) =>
  props.attachments.length === 0 ? null : <FilledAttachments {...props} />;

interface SessionComposerProps {
  chat: Chat;
  server: Providers;
  pricing: Pricing;
  /** True if the line shows the next turn. */
  isConnected: boolean;
  input: RefObject<HTMLTextAreaElement | null>;
}

export function SessionComposer({ chat, server, pricing, isConnected, input }: SessionComposerProps) {
  const { conversation, state, choice, choose, draft, changeDraft, attachments, preview, provider } = chat;
  const blocked = blockedBy(chat, server);
  const isReady = blocked === null;
  const hasHistory = chat.history !== null || state.live !== null;
  useEffect(() => {
    if (isReady && choice !== null) conversation.sendEarly(choice);
  }, [isReady, choice, conversation]);

  function send() {
    changeDraft("");
    attachments.change([]);
    conversation.send(draft, isReady ? choice : null, attachments.list);
    // The button that may have been pressed is not shown while the answer runs.
    focusField(input.current);
  }

  const addFiles = (files: readonly File[]) => void toastErrors(() => attachments.add(files));
  const isDropping = useFileDrop(addFiles);
  const stop = () => void toastErrors(() => conversation.stop());
  useEscape(state.live === null ? null : stop);

  const problem = server.error ?? (typeof state.load === "object" ? state.load : null);
  return (
    <Composer
      draft={draft}
      onDraft={changeDraft}
      maxChars={chat.maxChars}
      onSend={send}
      blocked={blocked}
      running={state.live !== null}
      stopping={state.stopping}
      onStop={stop}
      waiting={state.waiting}
      onDiscardWaiting={(key) => conversation.discard(key)}
      onSendWaiting={() => conversation.sendWaiting()}
      connected={isConnected && hasHistory && choice?.mode === "stateful"}
      input={input}
      attachments={
        <>
          {isDropping && <p className="composer-drop">{t.composer.drop}</p>}
          <DraftAttachments
            sessionId={state.sessionId}
            attachments={attachments.list}
            onRemove={(removed) => attachments.change(attachments.list.filter((_, n) => n !== removed))}
          />
        </>
      }
      onFiles={addFiles}
      takesImages={chat.blindModel === null}
      notes={
        <>
          {problem !== null && (
            <Alert
              tone="bad"
              icon="warning"
              actions={<RetryButton onClick={() => void conversation.load()} />}
            >
              {problem.message}
            </Alert>
          )}
          {attachments.problems.map((reason) => (
            <Alert key={reason} tone="warn" icon="warning">
              {reason}
            </Alert>
          ))}
        </>
      }
      model={
        <ModelChoice
          provider={provider}
          model={choice?.model}
          onChange={(model) => provider && choose({ provider: provider.id, model })}
        />
      }
      summary={
        choice !== null &&
        provider !== undefined && (
          <SendingSummary
            choice={choice}
            preview={preview}
            hasHistory={hasHistory}
            isLoaded={state.load === "ready"}
            provider={provider}
            pricing={pricing}
          />
        )
      }
    />
  );
}

function blockedBy(
  { choice, provider, state, attachments, blindModel }: Chat,
  server: Providers,
): Blocked | null {
  if (server.data === null) return { reason: server.error?.message ?? t.composer.connecting, isShort: true };
  if (state.load === "loading" || choice === null) return { reason: t.composer.loading, isShort: true };
  if (provider?.available === false) return { reason: t.composer.chooseOther(provider.name), isShort: false };
  if (blindModel !== null && attachments.list.some(({ kind }) => kind === "image")) {
    return { reason: t.composer.blind(blindModel), isShort: false };
  }
  return null;
}
