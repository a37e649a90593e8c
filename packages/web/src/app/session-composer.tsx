import type { RefObject } from "react";
import { ModelChoice } from "../choice/model-choice.tsx";
import { Composer } from "../composer/composer.tsx";
import { SendingSummary } from "../composer/sending-summary.tsx";
import { Note, TryAgain } from "../conversation/notes.tsx";
import { attempt } from "../notices/attempt.ts";
import type { Pricing } from "../pricing/use-pricing.ts";
import type { Providers } from "../providers/use-providers.ts";
import type { Chat } from "./use-chat.ts";

interface SessionComposerProps {
  chat: Chat;
  server: Providers;
  pricing: Pricing;
  /** Messages on the memory line. */
  lined: number;
  /** The line that is shown is the next turn's. */
  isConnected: boolean;
  input: RefObject<HTMLTextAreaElement | null>;
}

export function SessionComposer({ chat, server, pricing, lined, isConnected, input }: SessionComposerProps) {
  const { conversation, state, choice, choose, note, changeNote, preview, provider } = chat;
  const { draft = "" } = note;

  function send() {
    if (choice === null) return;
    // What the defaults were is from now on what was chosen: they may change under a conversation.
    choose({ mode: choice.mode, provider: choice.provider });
    conversation.send(draft, choice);
    changeNote({ draft: undefined });
  }

  const problem = server.error ?? (typeof state.load === "object" ? state.load : null);
  return (
    <Composer
      draft={draft}
      onDraft={(text) => changeNote({ draft: text })}
      maxChars={chat.maxChars}
      onSend={send}
      blocked={whyBlocked(chat, server)}
      running={state.live !== null}
      stopping={state.stopping}
      onStop={() => attempt(() => conversation.stop())}
      waiting={state.waiting}
      onDiscardWaiting={(key) => conversation.discard(key)}
      onSendWaiting={() => conversation.sendWaiting()}
      connected={isConnected && state.messages.length > 0 && choice?.mode === "stateful"}
      input={input}
      notes={
        problem !== null && (
          <Note tone="bad" icon="warning" actions={<TryAgain onClick={() => void conversation.load()} />}>
            {problem.message}
          </Note>
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
            provider={provider}
            pricing={pricing}
          />
        )
      }
    />
  );
}

/** Why nothing can be sent now; null when it can. */
function whyBlocked({ choice, provider, state }: Chat, server: Providers): string | null {
  if (choice === null) return server.error?.message ?? "Connecting to the server…";
  if (provider?.available === false) return `${provider.name} is not available. Choose another provider.`;
  return state.load === "loading" ? "Loading the conversation…" : null;
}
