import type { Session } from "@redis-memory-magic/protocol";

/** Returns a session's title. Messages that were stored without a turn give none. */
export const titleOf = ({ title }: Pick<Session, "title">): string => title?.trim() || "Untitled session";

/** Returns the sessions whose titles contain every word of a search. */
export function searchSessions(sessions: readonly Session[], search: string): readonly Session[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return sessions;
  return sessions.filter((session) => {
    const title = titleOf(session).toLowerCase();
    return words.every((word) => title.includes(word));
  });
}

/** Groups sessions under "Today", "Yesterday" and "Earlier", in the user's time zone. */
export function groupByDay(
  sessions: readonly Session[],
  now: number,
): { day: string; sessions: Session[] }[] {
  const today = new Date(now).setHours(0, 0, 0, 0);
  const yesterday = new Date(today - 1).setHours(0, 0, 0, 0);
  const groups = Map.groupBy(sessions, ({ updated_at }) => {
    const at = Date.parse(updated_at);
    return at >= today ? "Today" : at >= yesterday ? "Yesterday" : "Earlier";
  });
  return (["Today", "Yesterday", "Earlier"] as const).flatMap((day) => {
    const of = groups.get(day);
    return of === undefined ? [] : [{ day, sessions: of }];
  });
}
