import type { ContextReport, Mode, ProviderStatus } from "@redis-memory-magic/protocol";
import { useMemo } from "react";
import type { Choice } from "./choice.ts";
import type { Conversation } from "./conversation.ts";
import type { ConversationState } from "./conversation-state.ts";
import { lengthError } from "./message-length.ts";
import { type SessionDraft, useSessionDraft } from "./session-drafts.ts";
import { useChoice } from "./use-choice.ts";
import { useContextPreview } from "./use-context-preview.ts";
import { useConversation } from "./use-conversation.ts";
import { useOtherTabs } from "./use-other-tabs.ts";
import type { Providers } from "./use-providers.ts";

const NO_PROVIDERS: readonly ProviderStatus[] = [];
const DEFAULT_MAX_CHARS = 2000;

/** A session's chat: its messages, the draft, and what sending the draft would do. */
export interface Chat {
  readonly conversation: Conversation;
  readonly state: ConversationState;
  readonly providers: readonly ProviderStatus[];
  /** The chosen provider. */
  readonly provider: ProviderStatus | undefined;
  /** null until the user has chosen one or the server's default is known. */
  readonly mode: Mode | null;
  /** null until the server's defaults are known. */
  readonly choice: Choice | null;
  readonly choose: ReturnType<typeof useChoice>["choose"];
  readonly draft: SessionDraft;
  readonly changeDraft: (change: SessionDraft) => void;
  /** Maximum number of characters of a message. */
  readonly maxChars: number;
  /** What the next turn would send; null while it is unknown. */
  readonly preview: ContextReport | null;
  /** Changes when the stored messages do; null: none is stored yet. */
  readonly history: string | null;
}

export function useChat(sessionId: string, server: Providers): Chat {
  const { mode, choice: general, choose } = useChoice(server.data);
  const { draft, change: changeDraft } = useSessionDraft(sessionId);
  const { conversation, state } = useConversation(sessionId);
  useOtherTabs(conversation, state.live?.turnId ?? null);
  const { contextTokens, text = "" } = draft;

  const choice = useMemo(() => general && { ...general, contextTokens }, [general, contextTokens]);
  const providers = server.data?.providers ?? NO_PROVIDERS;
  const provider = providers.find(({ id }) => id === choice?.provider);
  const newest = state.messages.findLast(({ id, delivery }) => id !== null && delivery === "stored");
  const begun = state.live?.stored ? state.live.turnId : null;
  const history = newest
    ? `${sessionId} ${state.messages.length} ${newest.id} ${newest.turn?.status}`
    : begun && `${sessionId} ${begun}`;

  const maxChars = server.data?.max_message_chars ?? DEFAULT_MAX_CHARS;

  const preview = useContextPreview({
    sessionId,
    // An unavailable provider cannot count either.
    choice: provider?.available ? choice : null,
    draft: text,
    history,
    paused: state.live !== null || lengthError(text, maxChars) !== null,
  });
  return {
    conversation,
    state,
    providers,
    provider,
    mode,
    choice,
    choose,
    draft,
    changeDraft,
    maxChars,
    preview,
    history,
  };
}
