import type { AskedTurn } from "../chat/asked-turn.ts";
import type { SessionStore } from "../chat/session-store.ts";
import type { StoredTurn } from "../chat/stored-session.ts";
import type { TurnResult } from "../chat/turn-result.ts";
import type { TurnAddress } from "./ids.ts";
import type { TurnSnapshot } from "./response.ts";

/** A turn as it was when it began. */
export const atBegin = ({ sessionId, turnId, info, startedAt }: AskedTurn): TurnSnapshot => ({
  sessionId,
  turnId,
  info,
  startedAt,
  status: "running",
  endedAt: null,
  items: [],
});

export const ofStored = ({
  address,
  record,
  items,
}: StoredTurn & { readonly address: TurnAddress }): TurnSnapshot => {
  const { info, startedAt, status, endedAt } = record;
  return { ...address, info, startedAt, status, endedAt, items };
};

/** A turn as it has ended: as this process knows it, or as it is stored, if another one has ended it. */
export async function atEnd(
  sessions: SessionStore,
  turn: AskedTurn,
  { response, info, items, endedAt }: TurnResult,
): Promise<TurnSnapshot> {
  const { sessionId, turnId } = turn;
  const isKnown = endedAt !== null || !turn.stored;
  const stored = isKnown ? null : await sessions.turn(sessionId, turnId).catch(() => null);
  if (stored && stored.record.status !== "running")
    return ofStored({ ...stored, address: { sessionId, turnId } });
  const { status } = response;
  return { ...atBegin(turn), info, status, endedAt: endedAt ?? new Date(), items };
}
