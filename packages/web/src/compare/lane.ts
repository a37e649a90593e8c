import type { ProviderStatus } from "@redis-memory-magic/protocol";
import { type Choice, MODES } from "../chat/state/choice.ts";
import { Conversation } from "../chat/state/conversation.ts";
import { shortNameOf } from "../chat/state/provider-name.ts";
import { newSessionIdIn, randomBase36, type SessionGroup } from "../chat/state/session-id.ts";
import type { ShownMessage } from "../chat/state/shown-message.ts";
import { t } from "../texts/later.ts";

/** One configuration that answers the prompts, in a session of its own. */
export interface Lane {
  readonly key: string;
  readonly conversation: Conversation;
  readonly choice: Choice;
}

export const MAX_LANES = 4;

export function newLane(choice: Choice, group: SessionGroup): Lane {
  return { key: randomBase36(6), conversation: new Conversation(newSessionIdIn(group)), choice };
}

/** Returns the default comparison: the same configuration without and with memory. */
export function firstLanes(choice: Choice, group: SessionGroup): Lane[] {
  return MODES.map((mode) => newLane({ ...choice, mode }, group));
}

export function laneName({ choice }: Lane, providers: readonly ProviderStatus[]): string {
  const parts = [t.memory.states[choice.mode], shortNameOf(providers, choice.provider)];
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
