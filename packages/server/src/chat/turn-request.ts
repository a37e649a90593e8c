import type { NewItem } from "@redis-memory-magic/memory";
import type { ChatRequest } from "@redis-memory-magic/protocol";
import type { ModelSettings } from "./model-settings.ts";

/** What a turn is asked for, whichever API it came by. */
export interface TurnRequest
  extends Pick<
    ChatRequest,
    "mode" | "provider" | "session_id" | "model" | "system" | "context_tokens" | "retry_of"
  > {
  /** What the turn adds to the session: the user's message, or outputs of tool calls. Empty for a retry. */
  readonly input: readonly NewItem[];
  readonly settings?: ModelSettings;
}

/** The text of what a turn adds. */
export const inputText = ({ input }: TurnRequest): string =>
  input.map(({ content = "" }) => content).join("\n");
