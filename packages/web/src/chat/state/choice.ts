import type {
  ChatRequest,
  MemoryStrategy,
  Mode,
  ProviderId,
  SessionSettings,
} from "@redis-memory-magic/protocol";
import { notRecalledIn } from "./not-recalled.ts";

export const MODES = ["stateless", "stateful"] as const satisfies Mode[];

/** How the next message is answered. */
export interface Choice {
  readonly mode: Mode;
  readonly provider: ProviderId;
  /** Absent: the provider's default. */
  readonly model?: string | undefined;
  /** Absent: the server's; "": no system prompt. */
  readonly system?: string | undefined;
  /** What is sent of a history that does not fit. Absent: the server's default. */
  readonly memory?: MemoryStrategy | undefined;
  /** True if the user's notes are sent too. A choice of the user, not of a session. */
  readonly notes?: boolean | undefined;
  /** True if recall also searches the user's other sessions: of the user, too. */
  readonly otherSessions?: boolean | undefined;
  /** A window smaller than the model's, in tokens. */
  readonly contextTokens?: number | undefined;
  /** What its provider takes of these; absent: as the provider has it. */
  readonly temperature?: number | undefined;
  readonly maxOutputTokens?: number | undefined;
  readonly seed?: number | undefined;
}

/** The choice as the API names its fields. */
export const settingsOf = ({
  mode,
  provider,
  model,
  system,
  memory,
  contextTokens,
  temperature,
  maxOutputTokens,
  seed,
}: Choice) =>
  ({
    mode,
    provider,
    ...(model !== undefined && { model }),
    ...(system !== undefined && { system }),
    ...(memory !== undefined && { memory }),
    ...(contextTokens !== undefined && { context_tokens: contextTokens }),
    ...(temperature !== undefined && { temperature }),
    ...(maxOutputTokens !== undefined && { max_output_tokens: maxOutputTokens }),
    ...(seed !== undefined && { seed }),
  }) satisfies SessionSettings;

/** Builds the request body of a turn: a new message, or a retry of a turn. */
export function chatBody(
  sessionId: string,
  choice: Choice,
  content: Pick<ChatRequest, "message" | "attachments" | "retry_of">,
  notRecalled = notRecalledIn(sessionId),
): ChatRequest {
  const { notes, otherSessions } = choice;
  return {
    ...content,
    session_id: sessionId,
    ...settingsOf(choice),
    ...(notes && { notes }),
    ...(otherSessions && { other_sessions: true }),
    ...(notRecalled.length > 0 && { not_recalled: [...notRecalled] }),
  };
}
