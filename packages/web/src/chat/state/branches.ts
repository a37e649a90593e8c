import type { Session } from "@redis-memory-magic/protocol";

/** A session's place in its family, as far as branches care. */
export type Branch = Pick<Session, "id" | "created_at" | "updated_at" | "root_id" | "forked_from">;

/** Where a conversation goes on in several ways: one session for each, the oldest first. */
export interface BranchPoint {
  readonly options: readonly string[];
  /** The one that is shown. */
  readonly current: number;
}

/** A message's place in its session: a fork's messages have the places that they had. Null for an id from elsewhere. */
export function indexOfMessage(messageId: string): number | null {
  const digits = /^[0-9a-f]{8}-(\d+)$/.exec(messageId)?.[1];
  return digits === undefined ? null : Number(digits);
}

/** The places of a session's conversation at which it has branches. */
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
  for (const place of new Set(family.map(({ shared }) => shared))) {
    if (!Number.isFinite(place)) continue;
    // Who has all that was said before this place; of those who also have the same message at it, one stands for all.
    const here = family.filter(({ shared }) => shared >= place);
    const others = here.filter(({ shared }) => shared === place).map(({ session }) => session);
    // In the order in which the ways were begun, whoever stands for them: the same from everywhere.
    const begun = ({ id }: Branch) =>
      here
        .filter(({ session }) => sharedMessages(byId, session.id, id) > place)
        .map(({ session }) => session.created_at)
        .reduce((first, at) => (at < first ? at : first));
    const ways = [own, ...onePerBranch(byId, others, place)];
    const options = ways.toSorted((a, b) => begun(a).localeCompare(begun(b)));
    points.set(place, { options: options.map(({ id }) => id), current: options.indexOf(own) });
  }
  return points;
}

/** Sessions that go different ways at a place; of those that go the same way, the one used last. */
function onePerBranch(
  byId: ReadonlyMap<string, Branch>,
  sessions: readonly Branch[],
  place: number,
): Branch[] {
  const ways: Branch[] = [];
  for (const session of sessions.toSorted((a, b) => b.updated_at.localeCompare(a.updated_at))) {
    if (ways.every((way) => sharedMessages(byId, way.id, session.id) <= place)) ways.push(session);
  }
  return ways;
}

/** How many messages two sessions have in common from the beginning; infinitely many for one and the same. */
function sharedMessages(byId: ReadonlyMap<string, Branch>, a: string, b: string): number {
  const ways = new Map(ancestorsOf(byId, a));
  for (const [ancestor, viaB] of ancestorsOf(byId, b)) {
    const viaA = ways.get(ancestor);
    if (viaA !== undefined) return Math.min(viaA, viaB);
  }
  return 0;
}

/** A session and its ancestors, each with how many messages of it the session has. One that is gone is still named. */
function ancestorsOf(byId: ReadonlyMap<string, Branch>, id: string): [ancestor: string, shared: number][] {
  const way: [string, number][] = [];
  let shared = Number.POSITIVE_INFINITY;
  for (let next: string | undefined = id; next !== undefined && !way.some(([seen]) => seen === next); ) {
    way.push([next, shared]);
    const from: Branch["forked_from"] = byId.get(next)?.forked_from ?? null;
    const place = from?.message_id == null ? null : indexOfMessage(from.message_id);
    if (place !== null) shared = Math.min(shared, place);
    next = from?.session_id;
  }
  return way;
}
