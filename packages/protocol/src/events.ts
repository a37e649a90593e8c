import { z } from "zod";
import { chatResponse } from "./chat.ts";
import { mode, providerId, sessionId, turnId } from "./ids.ts";
import { outputItem } from "./items.ts";

const turn = { turn_id: turnId, session_id: sessionId };
const end = chatResponse;

/**
 * The events of a turn's stream, by name. Event ids: `0` for turn-started, then the position behind the event,
 * `<position>.end` for the end. Text counts by its UTF-16 units, the start and the end of an item one each: of a plain
 * answer the position is the length of its text.
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
  /** What the model thinks. */
  "reasoning-delta": z.object({ ...turn, text: z.string() }),
  /** A piece of a tool call's arguments. */
  "arguments-delta": z.object({ ...turn, text: z.string() }),
  /** Text of an item of another kind. */
  "item-delta": z.object({ ...turn, text: z.string() }),
  /** An item begins. A plain answer of text has none of these two around it. */
  "item-started": z.object({ ...turn, item: outputItem }),
  /** An item is finished: all of it. */
  "item-done": z.object({ ...turn, item: outputItem }),
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
