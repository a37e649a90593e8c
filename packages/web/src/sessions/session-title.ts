import type { Session } from "@redis-memory-magic/protocol";
import { t } from "../texts/texts.ts";
import type { ListEntry } from "./list-entries.ts";

/** Returns a session's title. Messages that were stored without a turn give none. */
export const titleOf = ({ title }: Pick<Session, "title">): string => title?.trim() || t.common.untitled;

/** Returns the sessions whose titles contain every word of a search. */
export function searchSessions(sessions: readonly Session[], search: string): readonly Session[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return sessions;
  return sessions.filter((session) => {
    const title = titleOf(session).toLowerCase();
    return words.every((word) => title.includes(word));
  });
}

const DAYS = ["today", "yesterday", "earlier"] as const;
export type Day = (typeof DAYS)[number];

/** Groups entries by the day of their last use, in the user's time zone. */
export function groupByDay(entries: readonly ListEntry[], now: number): { day: Day; entries: ListEntry[] }[] {
  const today = new Date(now).setHours(0, 0, 0, 0);
  const yesterday = new Date(today - 1).setHours(0, 0, 0, 0);
  const groups = Map.groupBy(entries, ({ sessions: [newest] }): Day => {
    const at = Date.parse(newest.updated_at);
    return at >= today ? "today" : at >= yesterday ? "yesterday" : "earlier";
  });
  return DAYS.flatMap((day) => {
    const of = groups.get(day);
    return of === undefined ? [] : [{ day, entries: of }];
  });
}
