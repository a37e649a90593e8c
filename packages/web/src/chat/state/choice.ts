import type { ChatRequest, Mode, ProviderId } from "@redis-memory-magic/protocol";

/** How the next message is answered. */
export interface Choice {
  readonly mode: Mode;
  readonly provider: ProviderId;
  /** Absent: the provider's default. */
  readonly model?: string | undefined;
  /** Absent: the server's; "": no system prompt. */
  readonly system?: string | undefined;
  /** A window smaller than the model's, in tokens. */
  readonly contextTokens?: number | undefined;
}

/** Builds the request body of a turn: a new message, or a retry of a turn. */
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
