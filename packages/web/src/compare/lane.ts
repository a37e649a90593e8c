import type { MemoryStrategy, ProviderStatus } from "@redis-memory-magic/protocol";
import type { Choice } from "../chat/state/choice.ts";
import { Conversation } from "../chat/state/conversation.ts";
import { shortNameOf } from "../chat/state/provider-name.ts";
import { newSessionIdIn, randomBase36, type SessionGroup } from "../chat/state/session-id.ts";
import type { ShownMessage } from "../chat/state/shown-message.ts";
import { t } from "../texts/later.ts";

/** What a lane sends of its conversation: nothing, what a strategy chooses, or all that fits the model. */
export type LaneMemory = "stateless" | MemoryStrategy | "everything";

/** In the order in which lanes are added. */
export const LANE_MEMORIES = [
  "stateless",
  "recall",
  "window",
  "summary",
  "recall+summary",
  "everything",
] as const satisfies LaneMemory[];

/** One configuration that answers the prompts, in a session of its own. */
export interface Lane {
  readonly key: string;
  readonly conversation: Conversation;
  readonly choice: Choice;
  readonly memory: LaneMemory;
}

export const MAX_LANES = LANE_MEMORIES.length;

export function newLane(choice: Choice, memory: LaneMemory, group: SessionGroup): Lane {
  return { key: randomBase36(6), conversation: new Conversation(newSessionIdIn(group)), choice, memory };
}

/** Returns the default comparison: the same configuration without and with memory. */
export function firstLanes(choice: Choice, group: SessionGroup): Lane[] {
  return LANE_MEMORIES.slice(0, 2).map((memory) => newLane(choice, memory, group));
}

/** Returns what no lane sends yet. */
export const nextMemory = (lanes: readonly Lane[]): LaneMemory =>
  LANE_MEMORIES.find((memory) => lanes.every((lane) => lane.memory !== memory)) ?? "recall";

/**
 * Returns how a lane's next message is answered.
 * @param window the context window of lanes that do not send everything; undefined: the model's
 */
export function choiceOf({ choice, memory }: Lane, window: number | undefined): Choice {
  switch (memory) {
    case "stateless":
      return { ...choice, mode: "stateless", contextTokens: window };
    case "everything":
      return { ...choice, mode: "stateful", memory: "window", contextTokens: undefined };
    default:
      return { ...choice, mode: "stateful", memory, contextTokens: window };
  }
}

export function laneName({ choice, memory }: Lane, providers: readonly ProviderStatus[]): string {
  const parts = [t.compare.memories[memory], shortNameOf(providers, choice.provider)];
  if (choice.model !== undefined) parts.push(choice.model);
  if (choice.system) parts.push(t.compare.ownPrompt);
  return parts.join(" · ");
}

/** Returns the tokens sent up to and including each turn. */
export function cumulativeTokens(messages: readonly ShownMessage[]): number[] {
  const turns = new Map(messages.flatMap(({ turn }) => (turn?.tokens ? [[turn.id, turn.tokens.sent]] : [])));
  let sum = 0;
  return [...turns.values()].map((sent) => {
    sum += sent;
    return sum;
  });
}
