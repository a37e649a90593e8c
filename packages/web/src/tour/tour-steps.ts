import type { Mode } from "@redis-memory-magic/protocol";
import { SMALL_WINDOW } from "../chat/state/scenarios.ts";
import { t } from "../texts/later.ts";

/** A step of the tour: its texts and settings. */
export interface TourStep {
  readonly scenario: keyof typeof t.scenarios.list | "fullWindow";
  readonly id: keyof typeof t.tour.steps;
  /** True if the step starts a new session. */
  readonly isFirst?: true;
  readonly mode: Mode;
  /** Uses another available provider than the step before. */
  readonly otherProvider?: true;
  /** A small window; recall is then off, unless the step is about it. */
  readonly contextTokens?: number;
  readonly isRecalling?: true;
}

const SMALL = { scenario: "fullWindow", mode: "stateful", contextTokens: SMALL_WINDOW } as const;

export const TOUR: readonly TourStep[] = [
  { scenario: "without", id: "sayAlice", mode: "stateless", isFirst: true },
  { scenario: "without", id: "askAlice", mode: "stateless" },
  { scenario: "with", id: "sayBob", mode: "stateful", isFirst: true },
  { scenario: "with", id: "askBob", mode: "stateful" },
  { scenario: "other", id: "askOther", mode: "stateful", otherProvider: true },
  { scenario: "later", id: "sayPizza", mode: "stateless", isFirst: true },
  { scenario: "later", id: "askFood", mode: "stateful" },
  { ...SMALL, id: "sayCarol", isFirst: true },
  { ...SMALL, id: "fill" },
  { ...SMALL, id: "askCarol" },
  { ...SMALL, id: "recallCarol", scenario: "recall", isRecalling: true },
];

/** Returns a step's title, what it says before (`intro`) and after its message (`outro`), and the message. */
export function stepTexts({ scenario, id }: TourStep) {
  const { intro, outro, ...own } = t.tour.steps[id];
  return {
    title: scenario === "fullWindow" ? t.tour.fullWindow : t.scenarios.list[scenario].title,
    intro: typeof intro === "string" ? intro : intro(SMALL_WINDOW),
    outro,
    message: "message" in own ? own.message : t.fillingMessage,
  };
}
