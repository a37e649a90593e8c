import { z } from "zod";
import { chatResponse } from "./chat.ts";
import { mode, providerId, sessionId, turnId } from "./ids.ts";

const turn = { turn_id: turnId, session_id: sessionId };
const end = chatResponse;

/**
 * The events of a turn's stream, by name. Event ids: `0` for turn-started, the length of the text so far
 * (UTF-16 units) after a text-delta, `<length>.end` for the end.
 */
export const turnEvents = {
  "turn-started": z.object({
    ...turn,
    mode,
    provider: providerId,
    model: z.string(),
    message_count: z.int(),
    stored: z.boolean(),
  }),
  /** No text yet: the model reasons, is being loaded, or is busy with another answer. */
  "turn-thinking": z.object({
    ...turn,
    activity: z.enum(["thinking", "loading", "queued"]).optional().describe("Default: thinking."),
  }),
  "text-delta": z.object({ ...turn, text: z.string() }),
  "turn-completed": end,
  "turn-cancelled": end,
  "turn-interrupted": end,
  "turn-failed": end.extend({ code: z.string(), detail: z.string() }),
} as const;

export type TurnEventName = keyof typeof turnEvents;
export type TurnEventData<Name extends TurnEventName> = z.infer<(typeof turnEvents)[Name]>;
export type TurnEvent = {
  [Name in TurnEventName]: { event: Name; id: string; data: TurnEventData<Name> };
}[TurnEventName];
