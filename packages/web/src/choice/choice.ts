import type { ChatRequest, Mode, ProviderId } from "@redis-memory-magic/protocol";

/** How the next message will be answered. */
export interface Choice {
  readonly mode: Mode;
  readonly provider: ProviderId;
}

/** The body of a turn: a new message, or the last one again. */
export function chatBody(
  sessionId: string,
  choice: Choice,
  content: { message: string } | { retry_of: string },
): ChatRequest {
  return { ...content, mode: choice.mode, provider: choice.provider, session_id: sessionId };
}
