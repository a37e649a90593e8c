import type { BlobInfo } from "../blobs/blob-pieces.ts";
import { unknownSession } from "../errors.ts";
import { type Item, isMessage, type Message } from "../history/item.ts";
import { decodeItem } from "../history/item-record.ts";
import type { SessionInfo } from "../sessions/session-info.ts";
import { decodeRecord, decodeReplaced, type EndedTurn } from "../turns/turn-record.ts";
import type { SessionSnapshot } from "./session-snapshot.ts";

/** A session to be read whole. Reading on fails with `unknown_session` when it is cleared meanwhile. */
export interface ArchivedSession {
  readonly info: SessionInfo;
  /** Pages of its items, oldest first: one for each index, null if it was dropped. */
  items(): AsyncGenerator<readonly (Item | null)[], void, void>;
  /** The same with null for each item without a role. */
  messages(): AsyncGenerator<readonly (Message | null)[], void, void>;
  /** Pages of its turns, in the order of their messages. The ids of all are held; a turn that is forgotten meanwhile is left out. */
  turns(): AsyncGenerator<readonly EndedTurn[], void, void>;
  /** Its blobs, one by one; the data of each is to be read before the next. */
  blobs(): AsyncGenerator<ArchivedBlob, void, void>;
}

/** A blob, whose data is read while it is consumed. */
export interface ArchivedBlob extends BlobInfo {
  data(): AsyncGenerator<Uint8Array, void, void>;
}

export const archivedSession = (
  session: SessionSnapshot,
  blobs: ArchivedSession["blobs"],
): ArchivedSession => ({
  blobs,
  info: session.info,
  items: () => readItems(session),
  messages: () => readMessages(session),
  turns: () => readTurns(session),
});

async function* readItems(session: SessionSnapshot): AsyncGenerator<readonly (Item | null)[], void, void> {
  for await (const { first, records } of session.pages()) {
    // What another program has written there is not an item either.
    yield records.map((record, n) => decodeItem(record, first + n, session.epoch) ?? null);
  }
}

async function* readMessages(
  session: SessionSnapshot,
): AsyncGenerator<readonly (Message | null)[], void, void> {
  for await (const items of readItems(session)) {
    yield items.map((item) => (item !== null && isMessage(item) ? item : null));
  }
}

const PAGE = 500;

async function* readTurns(session: SessionSnapshot): AsyncGenerator<readonly EndedTurn[], void, void> {
  const found: { id: string; order: readonly number[] }[] = [];
  for await (const page of session.turns()) {
    for (const [id, raw] of page) {
      const { userIndex, startedAt, answerIndex } = endedTurn(id, raw);
      // A retry can begin in the millisecond of what it retries, but answers further on.
      found.push({ id, order: [userIndex, startedAt.getTime(), answerIndex ?? -1] });
    }
  }
  const ids = found.sort(byOrder).map(({ id }) => id);
  for (let from = 0; from < ids.length; from += PAGE) {
    const page = ids.slice(from, from + PAGE);
    const records = await session.turnRecords(page);
    yield page.flatMap((id, n) => (records[n] ? endedTurn(id, records[n]) : []));
  }
}

function byOrder(a: { order: readonly number[] }, b: { order: readonly number[] }): number {
  const n = a.order.findIndex((value, i) => value !== b.order[i]);
  return n < 0 ? 0 : (a.order[n] ?? 0) - (b.order[n] ?? 0);
}

function endedTurn(id: string, raw: string): EndedTurn {
  const { record, replaced } = decodeRecord(id, raw) ?? {};
  if (record === undefined || record.status === "running") throw unknownSession();
  return { ...record, status: record.status, ...decodeReplaced(replaced) };
}
