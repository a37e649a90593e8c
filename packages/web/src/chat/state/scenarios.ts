import type { Mode } from "@redis-memory-magic/protocol";
import type { ConversationState } from "./conversation-state.ts";

/** A message that shows what memory does, and the one to send after it. */
export interface Scenario {
  readonly title: string;
  readonly steps: string;
  readonly mode: Mode;
  readonly message: string;
  readonly next: Question;
}

export interface Question {
  readonly message: string;
  readonly mode: Mode;
  /** True if another provider than before is to be asked. */
  readonly isForOther?: true;
}

export const SCENARIOS: readonly Scenario[] = [
  {
    title: "Without memory",
    steps: "Say your name with memory off, then ask for it. The model cannot know.",
    mode: "stateless",
    message: "My name is Alice",
    next: { message: "What's my name?", mode: "stateless" },
  },
  {
    title: "With memory",
    steps: "Say your name with memory on, then ask for it. Now the model is sent both.",
    mode: "stateful",
    message: "My name is Bob",
    next: { message: "What's my name?", mode: "stateful" },
  },
  {
    title: "Another provider, the same memory",
    steps: "Talk to one provider, switch to another and go on. The history is in Redis, not in the model.",
    mode: "stateful",
    message: "I am learning about Redis streams",
    next: { message: "What am I learning about?", mode: "stateful", isForOther: true },
  },
  {
    title: "Memory switched on later",
    steps: "Say something with memory off, switch it on and ask. It was stored all the time.",
    mode: "stateless",
    message: "I love pizza",
    next: { message: "What food do I like?", mode: "stateful" },
  },
];

/** What to do next in a scenario: ask its question, then compare the answer of a turn with the other one. */
export type NextStep =
  | { readonly ask: Question; readonly mode: Mode }
  | { readonly compare: string; readonly mode: Mode };

/** Returns the next step of the scenario that a conversation has begun; null if it has begun none, or is at its end. */
export function nextStep({ messages, live, olderBefore }: ConversationState): NextStep | null {
  if (live !== null || olderBefore !== null) return null;
  const questions = messages.filter(({ role }) => role === "user");
  const turn = questions.at(-1)?.turn;
  if (turn?.status !== "completed" || questions.length > 2) return null;
  const [first, second] = questions.map(({ content }) => content);
  const scenario = SCENARIOS.find(({ message }) => message === first);
  if (scenario === undefined) return null;
  const { mode } = turn;
  if (second === undefined) return { ask: scenario.next, mode };
  return second === scenario.next.message ? { compare: turn.id, mode } : null;
}
