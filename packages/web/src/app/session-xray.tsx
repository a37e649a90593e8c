import type { ContextReport, ProviderId, ProviderStatus, Turn } from "@redis-memory-magic/protocol";
import { useCallback, useMemo } from "react";
import type { Choice } from "../choice/choice.ts";
import type { Pricing } from "../pricing/use-pricing.ts";
import { useSessionTotals } from "../pricing/use-session-totals.ts";
import { XrayPanel, type XraySubject } from "../xray/xray-panel.tsx";
import type { Chat } from "./use-chat.ts";

interface SessionXrayProps {
  chat: Chat;
  pricing: Pricing;
  /** null: the next turn. */
  turnId: string | null;
  /** null while it is fetched. */
  turn: Turn | null;
  onShowNext: () => void;
  onClose: () => void;
}

export function SessionXray({ chat, pricing, turnId, turn, onShowNext, onClose }: SessionXrayProps) {
  const { state, choice, provider, providers, note, changeNote, preview, history } = chat;
  const { sessionId, messages } = state;
  const isOpen = !note.draft;
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
    (tokens: number | null) => changeNote({ contextTokens: tokens ?? undefined }),
    [changeNote],
  );
  return (
    <XrayPanel
      sessionId={sessionId}
      subject={subject}
      providers={providers}
      pricing={pricing}
      totals={totals}
      totalsArePartial={isPartial}
      contextTokens={note.contextTokens ?? null}
      onContextTokens={onContextTokens}
      history={history}
      onShowNext={onShowNext}
      onClose={onClose}
    />
  );
}

function nextTurn(
  choice: Choice | null,
  provider: ProviderStatus | undefined,
  report: ContextReport | null,
  isOpen: boolean,
): XraySubject | null {
  if (choice === null || provider === undefined) return null;
  const model = choice.model ?? provider.default_model;
  return { kind: "next", provider: choice.provider, model, report, isOpen };
}

function pastTurn(
  { provider, model }: { provider: ProviderId; model: string },
  report: ContextReport | null,
): XraySubject {
  return { kind: "turn", provider, model, report, isOpen: false };
}
