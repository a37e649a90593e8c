import { type Search, searchOf } from "./recall-search.ts";
import type { SessionStore } from "./session-store.ts";
import type { ReadQuestions, ReadSummaries } from "./table-of-contents.ts";

/** Reads what a turn's window does not have; a reader is absent if there is nothing that it could read. */
export interface Outside {
  readonly questions?: ReadQuestions | undefined;
  readonly summaries?: ReadSummaries | undefined;
  readonly search?: Search | undefined;
}

/** @param withOthers true: the search includes the owner's other sessions */
export const outsideOf = (
  sessions: SessionStore,
  sessionId: string | undefined,
  withOthers: boolean,
): Outside => ({
  questions: sessionId === undefined ? undefined : (options) => sessions.questions(sessionId, options),
  summaries: sessionId === undefined ? undefined : () => sessions.summaries(sessionId),
  search: searchOf(sessions, sessionId, withOthers),
});
