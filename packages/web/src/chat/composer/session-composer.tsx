import { type RefObject, useEffect } from "react";
import { toastErrors } from "../../api/toast-errors.ts";
import { Alert, RetryButton } from "../../ui/alert.tsx";
import { useEscape } from "../../ui/use-escape.ts";
import type { Chat } from "../state/use-chat.ts";
import type { Pricing } from "../state/use-pricing.ts";
import type { Providers } from "../state/use-providers.ts";
import { type Blocked, Composer } from "./composer.tsx";
import { ModelChoice } from "./model-choice.tsx";
import { SendingSummary } from "./sending-summary.tsx";

interface SessionComposerProps {
  chat: Chat;
  server: Providers;
  pricing: Pricing;
  /** Number of messages on the memory line. */
  lined: number;
  /** True if the line shows the next turn. */
  isConnected: boolean;
  input: RefObject<HTMLTextAreaElement | null>;
}

export function SessionComposer({ chat, server, pricing, lined, isConnected, input }: SessionComposerProps) {
  const { conversation, state, choice, choose, draft, changeDraft, preview, provider } = chat;
  const blocked = blockedBy(chat, server);
  const isReady = blocked === null;
  useEffect(() => {
    if (isReady && choice !== null) conversation.sendEarly(choice);
  }, [isReady, choice, conversation]);

  function send() {
    changeDraft("");
    conversation.send(draft, isReady ? choice : null);
  }

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
      connected={isConnected && (chat.history !== null || state.live !== null) && choice?.mode === "stateful"}
      input={input}
      notes={
        problem !== null && (
          <Alert tone="bad" icon="warning" actions={<RetryButton onClick={() => void conversation.load()} />}>
            {problem.message}
          </Alert>
        )
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
            lined={lined}
            isLoaded={state.load === "ready"}
            provider={provider}
            pricing={pricing}
          />
        )
      }
    />
  );
}

function blockedBy({ choice, provider, state }: Chat, server: Providers): Blocked | null {
  if (server.data === null)
    return { reason: server.error?.message ?? "Connecting to the server…", isShort: true };
  if (state.load === "loading" || choice === null)
    return { reason: "Loading the conversation…", isShort: true };
  if (provider?.available === false)
    return { reason: `${provider.name} is not available. Choose another provider.`, isShort: false };
  return null;
}
