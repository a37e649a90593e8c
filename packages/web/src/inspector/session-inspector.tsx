import type {
  ChatRequest,
  ContextReport,
  ProviderId,
  ProviderStatus,
  Turn,
} from "@redis-memory-magic/protocol";
import { useCallback, useMemo, useRef } from "react";
import { type Choice, chatBody } from "../chat/state/choice.ts";
import type { Chat } from "../chat/state/use-chat.ts";
import { EMPTY_DRAFT } from "../chat/state/use-context-preview.ts";
import type { Pricing } from "../chat/state/use-pricing.ts";
import { useSessionTotals } from "../chat/state/use-session-totals.ts";
import { InspectorPanel, type InspectorSubject } from "./inspector-panel.tsx";
import { ModelSettings } from "./model-settings.tsx";
import { StrategyChoice } from "./strategy-choice.tsx";

/** Until the server's defaults are known. */
const UNKNOWN_CHOICE: Choice = { mode: "stateful", provider: "mirror" };

interface SessionInspectorProps {
  chat: Chat;
  pricing: Pricing;
  /** null: the next turn. */
  turnId: string | null;
  /** null while it is fetched. */
  turn: Turn | null;
  onShowNext: () => void;
  onClose: () => void;
}

export function SessionInspector({
  chat,
  pricing,
  turnId,
  turn,
  onShowNext,
  onClose,
}: SessionInspectorProps) {
  const { state, choice, provider, providers, choose, preview, history } = chat;
  const { sessionId, messages } = state;
  const isOpen = chat.draft === "";
  const known = turn ?? messages.find((message) => message.turn?.id === turnId)?.turn;
  const subject = useMemo(
    () =>
      turnId === null
        ? nextTurn(choice, provider, preview, isOpen)
        : known === undefined
          ? null
          : pastTurn(known, turn?.report ?? null),
    [turnId, choice, provider, preview, isOpen, known, turn],
  );
  const { totals, isPartial } = useSessionTotals(state, history, pricing.price);
  const onContextTokens = useCallback(
    (tokens: number | null) => choose({ context_tokens: tokens }),
    [choose],
  );
  const { mode, memory } = choice ?? {};
  const settings = useMemo(
    () =>
      provider && (
        <>
          <StrategyChoice mode={mode} strategy={memory} onChange={(memory) => choose({ memory })} />
          <ModelSettings settings={state.settings} provider={provider} choose={choose} />
        </>
      ),
    [mode, memory, state.settings, provider, choose],
  );
  // Read when it is copied: a new function for each letter of the draft would render the panel.
  const latest = useRef(chat);
  latest.current = chat;
  const chatRequest = useCallback(() => requestOf(latest.current, turnId), [turnId]);
  return (
    <InspectorPanel
      sessionId={sessionId}
      subject={subject}
      providers={providers}
      pricing={pricing}
      totals={totals}
      totalsArePartial={isPartial}
      chatRequest={chatRequest}
      settings={settings}
      contextTokens={choice?.contextTokens ?? null}
      onContextTokens={onContextTokens}
      history={history}
      isLoaded={state.load === "ready"}
      onShowNext={onShowNext}
      onClose={onClose}
    />
  );
}

/** Returns the request of a past turn, or the one that the draft would be. */
function requestOf({ conversation, choice, draft }: Chat, turnId: string | null): ChatRequest {
  const { sessionId } = conversation;
  const question = turnId === null ? undefined : conversation.questionOf(turnId);
  const message = question?.content || draft || EMPTY_DRAFT;
  const past = question?.turn;
  const answered = past && { mode: past.mode, provider: past.provider, model: past.model };
  return chatBody(sessionId, answered ?? choice ?? UNKNOWN_CHOICE, { message });
}

function nextTurn(
  choice: Choice | null,
  provider: ProviderStatus | undefined,
  report: ContextReport | null,
  isOpen: boolean,
): InspectorSubject | null {
  if (choice === null || provider === undefined) return null;
  const model = choice.model ?? provider.default_model;
  return { kind: "next", provider: choice.provider, model, report, isOpen };
}

function pastTurn(
  { provider, model }: { provider: ProviderId; model: string },
  report: ContextReport | null,
): InspectorSubject {
  return { kind: "turn", provider, model, report, isOpen: false };
}
