import type { Mode } from "@redis-memory-magic/protocol";
import { t } from "../../texts/later.ts";
import type { ConversationState } from "./conversation-state.ts";
import { SCENARIOS, type Scenario } from "./scenarios.ts";

/** What to do next in a scenario: send its next message, then compare the answer of a turn with the other one. */
export type NextStep =
  | {
      readonly send: string;
      readonly mode: Mode;
      readonly isQuestion: boolean;
      /** True if memory is switched on for it. */
      readonly isSwitched: boolean;
      readonly isForOther: boolean;
    }
  | { readonly compare: string; readonly mode: Mode };

/** Returns the next step of the scenario that a conversation has begun; null if it has begun none, or is at its end. */
export function nextStep({ messages, live, olderBefore }: ConversationState): NextStep | null {
  if (live !== null || olderBefore !== null) return null;
  const sent = messages.filter(({ role }) => role === "user");
  const turn = sent.at(-1)?.turn;
  if (turn?.status !== "completed") return null;
  const scenario = SCENARIOS.find(({ id }) => t.scenarios.list[id].messages[0] === sent[0]?.content);
  if (scenario === undefined) return null;
  const all = messagesOf(scenario);
  if (sent.some(({ content }, index) => content !== all[index])) return null;
  const next = all[sent.length];
  if (next === undefined) return { compare: turn.id, mode: turn.mode };
  const isQuestion = sent.length === all.length - 1;
  const mode = isQuestion ? scenario.questionMode : scenario.mode;
  const isSwitched = mode === "stateful" && turn.mode === "stateless";
  return { send: next, mode, isQuestion, isSwitched, isForOther: isQuestion && scenario.isForOther === true };
}

/** Returns the messages of a scenario. The long one is not part of the first load. */
export function messagesOf({ id }: Pick<Scenario, "id">): string[] {
  const [first = "", ...others] = t.scenarios.list[id].messages;
  return id === "recall" ? [first, t.fillingMessage, ...others] : [first, ...others];
}
