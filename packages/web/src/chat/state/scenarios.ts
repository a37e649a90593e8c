import type { Mode } from "@redis-memory-magic/protocol";
import { t } from "../../texts/texts.ts";
import type { ConversationState } from "./conversation-state.ts";

/** A message that shows what memory does, and the one to send after it. */
interface Scenario {
  readonly id: keyof typeof t.scenarios.list;
  readonly mode: Mode;
  readonly next: {
    readonly mode: Mode;
    /** True if another provider than before is to be asked. */
    readonly isForOther?: true;
  };
}

export type Question = Scenario["next"] & { readonly message: string };

export const SCENARIOS: readonly Scenario[] = [
  { id: "without", mode: "stateless", next: { mode: "stateless" } },
  { id: "with", mode: "stateful", next: { mode: "stateful" } },
  { id: "other", mode: "stateful", next: { mode: "stateful", isForOther: true } },
  { id: "later", mode: "stateless", next: { mode: "stateful" } },
];

/** Returns a scenario in the page's language. */
export function scenarioTexts({ id, mode, next }: Scenario) {
  const { title, steps, messages } = t.scenarios.list[id];
  const [message = "", question = ""] = messages;
  return { id, title, steps, mode, message, next: { ...next, message: question } satisfies Question };
}

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
  const scenario = SCENARIOS.map(scenarioTexts).find(({ message }) => message === first);
  if (scenario === undefined) return null;
  const { mode } = turn;
  if (second === undefined) return { ask: scenario.next, mode };
  return second === scenario.next.message ? { compare: turn.id, mode } : null;
}
