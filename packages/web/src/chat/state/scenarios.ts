import type { Mode, SessionSettingsPatch } from "@redis-memory-magic/protocol";
import type { t } from "../../texts/texts.ts";

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
