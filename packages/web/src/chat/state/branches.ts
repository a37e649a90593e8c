import type { Session } from "@redis-memory-magic/protocol";

/** The fields of a session that describe its branch. */
export type Branch = Pick<Session, "id" | "created_at" | "updated_at" | "root_id" | "forked_from">;

/** A message with several branches: one session for each, the oldest first. */
export interface BranchPoint {
  readonly options: readonly string[];
  /** Index of the shown session in `options`. */
  readonly current: number;
}

/** Returns a message's index in its session; a fork keeps the indexes. Null for a foreign id. */
export function indexOfMessage(messageId: string): number | null {
  const digits = /^[0-9a-f]{8}-(\d+)$/.exec(messageId)?.[1];
  return digits === undefined ? null : Number(digits);
}

/** Returns the message indexes at which a session has branches. */
export function branchPoints(
  sessions: readonly Branch[],
  sessionId: string,
): ReadonlyMap<number, BranchPoint> {
  const byId = new Map(sessions.map((session) => [session.id, session]));
  const own = byId.get(sessionId);
  if (own === undefined) return new Map();
  const root = own.root_id ?? own.id;
  const family = sessions
    .filter((session) => (session.root_id ?? session.id) === root)
    .map((session) => ({ session, shared: sharedMessages(byId, sessionId, session.id) }));

  const points = new Map<number, BranchPoint>();
  for (const index of new Set(family.map(({ shared }) => shared))) {
    if (!Number.isFinite(index)) continue;
    // The sessions with the same messages before this index. Those that also share the message at it count as one.
    const here = family.filter(({ shared }) => shared >= index);
    const others = here.filter(({ shared }) => shared === index).map(({ session }) => session);
    // Ordered by when each branch was started, so that the order is the same in every branch.
    const startedAt = ({ id }: Branch) =>
      here
        .filter(({ session }) => sharedMessages(byId, session.id, id) > index)
        .map(({ session }) => session.created_at)
        .reduce((first, at) => (at < first ? at : first));
    const branches = [own, ...onePerBranch(byId, others, index)];
    const options = branches.toSorted((a, b) => startedAt(a).localeCompare(startedAt(b)));
    points.set(index, { options: options.map(({ id }) => id), current: options.indexOf(own) });
  }
  return points;
}

/** Returns one session for each branch at an index: the one used last. */
function onePerBranch(
  byId: ReadonlyMap<string, Branch>,
  sessions: readonly Branch[],
  index: number,
): Branch[] {
  const branches: Branch[] = [];
  for (const session of sessions.toSorted((a, b) => b.updated_at.localeCompare(a.updated_at))) {
    if (branches.every((branch) => sharedMessages(byId, branch.id, session.id) <= index))
      branches.push(session);
  }
  return branches;
}

/** Returns how many messages two sessions share from the start; Infinity for the same session. */
function sharedMessages(byId: ReadonlyMap<string, Branch>, a: string, b: string): number {
  const ancestors = new Map(ancestorsOf(byId, a));
  for (const [ancestor, sharedWithB] of ancestorsOf(byId, b)) {
    const sharedWithA = ancestors.get(ancestor);
    if (sharedWithA !== undefined) return Math.min(sharedWithA, sharedWithB);
  }
  return 0;
}

/** Returns a session and its ancestors, also expired ones, each with the number of messages shared with it. */
function ancestorsOf(byId: ReadonlyMap<string, Branch>, id: string): [ancestor: string, shared: number][] {
  const path: [string, number][] = [];
  let shared = Number.POSITIVE_INFINITY;
  for (let next: string | undefined = id; next !== undefined && !path.some(([seen]) => seen === next); ) {
    path.push([next, shared]);
    const from: Branch["forked_from"] = byId.get(next)?.forked_from ?? null;
    const index = from?.message_id == null ? null : indexOfMessage(from.message_id);
    if (index !== null) shared = Math.min(shared, index);
    next = from?.session_id;
  }
  return path;
}
