import type { Session } from "@redis-memory-magic/protocol";
import { groupOf } from "../chat/state/session-id.ts";

/** An entry of the list: a session, or several that belong together. */
export interface ListEntry {
  readonly key: string;
  readonly kind: "session" | "branches" | "tour" | "compare";
  /** Last used first. */
  readonly sessions: readonly [Session, ...Session[]];
}

/** Returns one entry for the branches of a conversation, for a tour and for a comparison. */
export function listEntries(sessions: readonly Session[]): ListEntry[] {
  const byKey = Map.groupBy(sessions, ({ id, root_id }) => groupOf(root_id ?? id) ?? root_id ?? id);
  return [...byKey].map(([key, members]) => ({
    key,
    kind: members.length === 1 ? "session" : kindOf(members[0]),
    sessions: members as [Session, ...Session[]],
  }));
}

/** Returns an entry for each session. */
export const singleEntries = (sessions: readonly Session[]): ListEntry[] =>
  sessions.map((session) => ({ key: session.id, kind: "session", sessions: [session] }));

function kindOf(session: Session | undefined): ListEntry["kind"] {
  const group = groupOf(session?.root_id ?? session?.id ?? "");
  if (group === null) return "branches";
  return group.startsWith("tour") ? "tour" : "compare";
}
