import { MemoryError } from "../errors.ts";
import type { Item, ItemTypes } from "../history/item.ts";
import type { RunScript } from "../redis/script-runner.ts";
import { READ_RANGES } from "../scripts/search.ts";
import { assertId } from "../validate.ts";
import { type RankedTurn, rankTurns } from "./rank-turns.ts";
import {
  assertSearch,
  decodeItems,
  firstThatFill,
  fit,
  LIMITS,
  MAX_READ,
  relevantTokens,
  type SearchHit,
  type SearchOptions,
} from "./search-session.ts";
import { type ComparedVectors, countsOf, type SessionVectors } from "./session-vectors.ts";
import type { ReadLimits, StoredTerms } from "./stored-terms.ts";
import { TermIndex } from "./term-index.ts";
import { queryTerms } from "./terms.ts";
import type { VectorIndex } from "./vector-index.ts";

/** A session that is searched together with others. */
export interface SessionToSearch {
  readonly sessionId: string;
  /** Only what is older than the item with this id. */
  readonly before?: string | undefined;
}

/** A turn that was found, and where. */
export interface SessionHit<T extends ItemTypes = ItemTypes> extends SearchHit<T> {
  readonly sessionId: string;
}

export interface SessionsSearchResult<T extends ItemTypes = ItemTypes> {
  /** The ids of the sessions that were searched. */
  readonly sessions: readonly string[];
  /** How many of their items, of how many that they have. */
  readonly searched: number;
  readonly total: number;
  readonly matched: number;
  /** Best first. */
  readonly hits: readonly SessionHit<T>[];
  /** What comparing vectors added; absent: the history has no embedder. */
  readonly vectors?: ComparedVectors;
}

/** Reads what is searched in. */
interface Reader {
  readonly readTerms: (session: SearchedSession, limits: ReadLimits) => Promise<StoredTerms>;
  readonly vectors: Pick<SessionVectors, "read" | "compareAll"> | undefined;
}

/** A session with what reads it. */
export interface SearchedSession extends SessionToSearch {
  /** The key of its terms. */
  readonly key: string;
  readonly run: RunScript;
}

/** A session in the index of all. */
interface Place {
  /** Its number. */
  readonly n: number;
  readonly session: SearchedSession;
  readonly epoch: string;
  /** Undefined: they could not be read, or there is no embedder. */
  readonly vectors: VectorIndex | undefined;
  /** The index of its first item, in the session and in the index of all, and the index behind its last there. */
  readonly first: number;
  readonly from: number;
  readonly to: number;
}

/** Of one session, one page of terms is read. */
const MAX_ITEMS_OF_SESSION = 5_000;
/** Sessions whose terms are read at once. */
const AT_ONCE = 10;

/**
 * Finds turns of several sessions by the words of a query, and by its meaning if there is an embedder: they are ranked as if
 * they were one session.
 * @throws TypeError; MemoryError `unavailable`
 */
export async function searchSessions(
  sessions: readonly SearchedSession[],
  query: string,
  options: SearchOptions,
  reader: Reader,
): Promise<SessionsSearchResult> {
  assertSearch(query, options);
  for (const { before } of sessions) if (before !== undefined) assertId("before", before);
  const { all, places, total } = await readAll(sessions, reader);
  const indexes = places.map(({ vectors }) => vectors);
  const similarities = await reader.vectors?.compareAll(indexes, query);
  const ranking = rankTurns(
    { index: all, from: 0, to: all.end },
    queryTerms(query, options.context),
    similarities &&
      ((from, to) => {
        const turn = withPlace({ from, to }, places);
        return turn && similarities.of(turn.place.n, turn.from, turn.to);
      }),
  );
  const maxTokens = relevantTokens(ranking, options, similarities?.least) ?? 0;
  const ranked = maxTokens > 0 ? ranking.best(MAX_READ) : [];
  const turns = ranked.flatMap((turn) => withPlace(turn, places) ?? []);
  const { dropped, unknown, matched } = ranking;
  return {
    sessions: places.map(({ session }) => session.sessionId),
    searched: all.end - places.length - dropped - unknown,
    total: total - dropped,
    // The empty turns between sessions are beside turns that have words.
    matched: turns.length === 0 ? 0 : matched - (ranked.length - turns.length),
    hits: await readHits(turns, { ...options, maxTokens }, ranking.termsOf),
    ...(similarities && { vectors: countsOf(similarities) }),
  };
}

interface AllTerms {
  readonly all: TermIndex;
  readonly places: readonly Place[];
  readonly total: number;
}

async function readAll(
  sessions: readonly SearchedSession[],
  { readTerms, vectors }: Reader,
): Promise<AllTerms> {
  const { now, maxMs } = LIMITS;
  const giveUpAt = now() + maxMs;
  const all = new TermIndex("", "", 0);
  const places: Place[] = [];
  let total = 0;
  for (let n = 0; n < sessions.length; n += AT_ONCE) {
    if (n > 0 && (now() > giveUpAt || all.end >= LIMITS.maxItems)) break;
    const batch = sessions.slice(n, n + AT_ONCE);
    const limits = { ...LIMITS, maxItems: MAX_ITEMS_OF_SESSION, maxMs: Math.max(0, giveUpAt - now()) };
    const found = await Promise.all(
      batch.map((session) =>
        Promise.all([readTerms(session, limits).catch(ignoreUnreadable), vectors?.read(session, limits)]),
      ),
    );
    for (const [i, session] of batch.entries()) {
      const [stored, itsVectors] = found[i] ?? [];
      if (stored === undefined || stored.end === 0) continue;
      const { index, end } = stored;
      total += end;
      const room = LIMITS.maxItems - all.end - 1;
      const first = Math.max(index.first, end - Math.min(MAX_ITEMS_OF_SESSION, Math.max(0, room)));
      if (first >= end) continue;
      all.append(index, first, end);
      places.push({
        ...{ n: places.length, session, epoch: index.epoch, vectors: itsVectors },
        ...{ first, from: all.end - (end - first), to: all.end },
      });
    }
  }
  return { all, places, total };
}

/** A session that is gone, damaged or of a newer layout must not keep the others from being searched. */
function ignoreUnreadable(error: unknown): undefined {
  if (MemoryError.isInstance(error) && error.code !== "unavailable") return;
  throw error;
}

interface PlacedTurn extends RankedTurn {
  readonly place: Place;
}

/** The turn by the indexes of its session. Undefined for the empty turn between two sessions. */
function withPlace<Turn extends Pick<RankedTurn, "from" | "to">>(
  turn: Turn,
  places: readonly Place[],
): (Turn & { readonly place: Place }) | undefined {
  const place = places.find(({ to }) => turn.from < to);
  if (place === undefined) return undefined;
  const shift = place.first - place.from;
  const [from, to] = [Math.max(turn.from, place.from) + shift, turn.to + shift];
  return from < to ? { ...turn, from, to, place } : undefined;
}

/** Reads turns, best first, in one call for each session, and keeps those that fit. */
async function readHits(
  turns: readonly PlacedTurn[],
  { maxTokens, countTokens, exclude = [] }: SearchOptions,
  termsOf: (turn: RankedTurn) => SearchHit["terms"],
): Promise<SessionHit[]> {
  const batch = firstThatFill(maxTokens, turns) as readonly PlacedTurn[];
  const items = new Map<Place, ReadonlyMap<number, Item>>();
  await Promise.all(
    [...new Set(batch.map(({ place }) => place))].map(async (place) => {
      const ranges = batch.flatMap((turn) =>
        turn.place === place ? [String(turn.from), String(turn.to - 1)] : [],
      );
      const [status, , , ...entries] = await place.session.run(READ_RANGES, [place.epoch, "", ...ranges]);
      // Cleared meanwhile.
      if (status !== "gone") items.set(place, decodeItems(entries, place.epoch));
    }),
  );
  const hits: SessionHit[] = [];
  let left = maxTokens;
  for (const turn of batch) {
    const { place } = turn;
    const { hit, tokens } = fit(turn, items.get(place) ?? new Map(), termsOf(turn), {
      maxTokens,
      left,
      countTokens,
      exclude,
    });
    left -= tokens;
    if (hit !== undefined) hits.push({ ...hit, sessionId: place.session.sessionId });
  }
  return hits;
}
