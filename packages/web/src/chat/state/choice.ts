import type { ChatRequest, Mode, ProviderId } from "@redis-memory-magic/protocol";

/** How the next message will be answered. */
export interface Choice {
  readonly mode: Mode;
  readonly provider: ProviderId;
  /** Absent: the provider's default. */
  readonly model?: string | undefined;
  /** Absent: the server's; "": none. */
  readonly system?: string | undefined;
  /** A smaller window than the model's. */
  readonly contextTokens?: number | undefined;
}

/** The body of a turn: a new message, or the last one again. */
export function chatBody(
  sessionId: string,
  { mode, provider, model, system, contextTokens }: Choice,
  content: { message: string } | { retry_of: string },
): ChatRequest {
  return {
    ...content,
    session_id: sessionId,
    mode,
    provider,
    ...(model !== undefined && { model }),
    ...(system !== undefined && { system }),
    ...(contextTokens !== undefined && { context_tokens: contextTokens }),
  };
}
