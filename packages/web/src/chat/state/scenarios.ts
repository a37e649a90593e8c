import type { Mode, SessionSettingsPatch } from "@redis-memory-magic/protocol";
import { t } from "../../texts/texts.ts";
import type { ConversationState } from "./conversation-state.ts";

/** A window (in tokens) that is too small for a short message and the long one of the recall scenario. */
export const SMALL_WINDOW = 448;

/** Messages that show what memory does, sent one after the other. */
export interface Scenario {
  readonly id: keyof typeof t.scenarios.list;
  readonly mode: Mode;
  /** The mode of its last message, which asks for what the first one said. */
  readonly questionMode: Mode;
  /** True if another provider than before is to be asked. */
  readonly isForOther?: true;
  readonly settings?: SessionSettingsPatch;
}

export const SCENARIOS: readonly Scenario[] = [
  { id: "without", mode: "stateless", questionMode: "stateless" },
  { id: "with", mode: "stateful", questionMode: "stateful" },
  { id: "other", mode: "stateful", questionMode: "stateful", isForOther: true },
  { id: "later", mode: "stateless", questionMode: "stateful" },
  {
    id: "recall",
    mode: "stateful",
    questionMode: "stateful",
    settings: { memory: "recall", context_tokens: SMALL_WINDOW },
  },
];

/** Returns the long message of the recall scenario. */
export const fillingMessage = (): string => t.scenarios.list.recall.messages[1] ?? "";

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
  const all = t.scenarios.list[scenario.id].messages;
  if (sent.some(({ content }, index) => content !== all[index])) return null;
  const next = all[sent.length];
  if (next === undefined) return { compare: turn.id, mode: turn.mode };
  const isQuestion = sent.length === all.length - 1;
  const mode = isQuestion ? scenario.questionMode : scenario.mode;
  const isSwitched = mode === "stateful" && turn.mode === "stateless";
  return { send: next, mode, isQuestion, isSwitched, isForOther: isQuestion && scenario.isForOther === true };
}
