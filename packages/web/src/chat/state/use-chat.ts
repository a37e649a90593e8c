import type {
  ContextReport,
  MemoryStrategy,
  Mode,
  ProviderId,
  ProviderStatus,
  SessionSettingsPatch,
} from "@redis-memory-magic/protocol";
import { useCallback, useMemo } from "react";
import type { Choice } from "./choice.ts";
import type { Conversation } from "./conversation.ts";
import type { ConversationState } from "./conversation-state.ts";
import { lengthError } from "./message-length.ts";
import { useDraftText } from "./session-drafts.ts";
import { type Attachments, useAttachments } from "./use-attachments.ts";
import { rememberChoice, useChoice } from "./use-choice.ts";
import { useContextPreview } from "./use-context-preview.ts";
import { useConversation } from "./use-conversation.ts";
import { useOtherTabs } from "./use-other-tabs.ts";
import type { Providers } from "./use-providers.ts";

const NO_PROVIDERS: readonly ProviderStatus[] = [];
const DEFAULT_MAX_CHARS = 20_000;
const DEFAULT_MAX_IMAGE_BYTES = 5 * 1024 * 1024;

export type Choose = (change: SessionSettingsPatch) => void;

/** A session's chat: its messages, the draft, and what sending the draft would do. */
export interface Chat {
  readonly conversation: Conversation;
  readonly state: ConversationState;
  readonly providers: readonly ProviderStatus[];
  /** The chosen provider. */
  readonly provider: ProviderStatus | undefined;
  /** null until the user has chosen one, or the session and the server's default are known. */
  readonly mode: Mode | null;
  /** Known as early as the mode; undefined: the server's default. */
  readonly memory: MemoryStrategy | undefined;
  /** Known as early as the mode. */
  readonly chosenProvider: ProviderId | null;
  /** null until the session and the server's defaults are known. */
  readonly choice: Choice | null;
  /** Changes how this session is answered, and how the sessions start that are opened later in this tab. */
  readonly choose: Choose;
  /** The text that is being written. */
  readonly draft: string;
  readonly changeDraft: (text: string) => void;
  /** What the draft carries beside its text. */
  readonly attachments: Attachments;
  /** Name of the chosen model if it is known not to see images. */
  readonly blindModel: string | null;
  /** Maximum number of characters of a message. */
  readonly maxChars: number;
  /** What the next turn would send; null while it is unknown. */
  readonly preview: ContextReport | null;
  /** Changes when the stored messages do; null: none is stored yet. */
  readonly history: string | null;
}

export function useChat(sessionId: string, server: Providers): Chat {
  const [draft, changeDraft] = useDraftText(sessionId);
  const { conversation, state } = useConversation(sessionId);
  useOtherTabs(conversation, state.live?.turnId ?? null);
  const { settings, load } = state;
  const last = state.messages.findLast(({ turn }) => turn !== undefined)?.turn;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the turn changes with each text that streams.
  const past = useMemo(
    () => (load === "loading" ? null : { settings, last }),
    [settings, last?.mode, last?.provider, last?.model, load],
  );
  const choice = useChoice(server.data, past);
  // Known before the session is, so that the switches move on the first click.
  const mode = settings.mode ?? choice?.mode ?? null;
  const chosenProvider = settings.provider ?? choice?.provider ?? null;
  const choose: Choose = useCallback(
    (change) => conversation.changeSettings(rememberChoice(change)),
    [conversation],
  );
  const providers = server.data?.providers ?? NO_PROVIDERS;
  const provider = providers.find(({ id }) => id === choice?.provider);
  const newest = state.messages.findLast(({ id, delivery }) => id !== null && delivery === "stored");
  const begun = state.live?.stored ? state.live.turnId : null;
  const history = newest
    ? `${sessionId} ${state.messages.length} ${newest.id} ${newest.turn?.status}`
    : begun && `${sessionId} ${begun}`;

  const blindModel = blindModelOf(provider, choice);
  const maxBytes = server.data?.max_image_bytes ?? DEFAULT_MAX_IMAGE_BYTES;
  const attachments = useAttachments(sessionId, { maxBytes, blindModel });
  const maxChars = server.data?.max_message_chars ?? DEFAULT_MAX_CHARS;

  const preview = useContextPreview({
    sessionId,
    // An unavailable provider cannot count either.
    choice: provider?.available ? choice : null,
    draft,
    attachments: attachments.list,
    history,
    paused: state.live !== null || lengthError(draft, maxChars) !== null,
  });
  return {
    conversation,
    state,
    providers,
    provider,
    mode,
    memory: settings.memory ?? choice?.memory,
    chosenProvider,
    choice,
    choose,
    draft,
    changeDraft,
    attachments,
    blindModel,
    maxChars,
    preview,
    history,
  };
}

/** Returns the chosen model if it is known not to see images; null if it does, or may. */
function blindModelOf(provider: ProviderStatus | undefined, choice: Choice | null): string | null {
  const id = choice?.model ?? provider?.default_model;
  const model = provider?.models.find((it) => it.id === id);
  return model?.capabilities?.images === false ? model.id : null;
}
