import type { Turn } from "@redis-memory-magic/protocol";
import { lazy, Suspense } from "react";
import { totalsOf } from "../pricing/session-totals.ts";
import type { Pricing } from "../pricing/use-pricing.ts";
import type { XraySubject } from "../xray/xray-panel.tsx";
import type { Chat } from "./use-chat.ts";

const XrayPanel = lazy(async () => ({ default: (await import("../xray/xray-panel.tsx")).XrayPanel }));

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
  const { state, providers, note, changeNote, history } = chat;
  return (
    <Suspense>
      <XrayPanel
        sessionId={state.sessionId}
        subject={turnId === null ? nextTurn(chat) : pastTurn(chat, turnId, turn)}
        providers={providers}
        pricing={pricing}
        totals={totalsOf(state.messages, (of) => pricing.price(of))}
        totalsArePartial={state.olderBefore !== null}
        contextTokens={note.contextTokens ?? null}
        onContextTokens={(tokens) => changeNote({ contextTokens: tokens ?? undefined })}
        history={history}
        onShowNext={onShowNext}
        onClose={onClose}
      />
    </Suspense>
  );
}

function nextTurn({ choice, provider, preview, note }: Chat): XraySubject | null {
  if (choice === null || provider === undefined) return null;
  const model = choice.model ?? provider.default_model;
  return { kind: "next", provider: choice.provider, model, report: preview, isOpen: !note.draft };
}

function pastTurn({ state }: Chat, turnId: string, turn: Turn | null): XraySubject | null {
  const known = turn ?? state.messages.find((message) => message.turn?.id === turnId)?.turn;
  if (known === undefined) return null;
  return {
    kind: "turn",
    provider: known.provider,
    model: known.model,
    report: turn?.report ?? null,
    isOpen: false,
  };
}
