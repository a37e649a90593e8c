import type { Item, Summary } from "@redis-memory-magic/memory";
import type { ContextPart } from "@redis-memory-magic/protocol";
import type { SentNotes } from "./notes-block.ts";
import { inOrder, type Recall, type RecalledTurn } from "./recall.ts";
import type { QuotedTurn } from "./recall-block.ts";
import { excerpt } from "./search-messages.ts";
import { type Contents, firstWords } from "./table-of-contents.ts";

/** What was recalled, with the items as they are now. */
export interface ReadRecall extends Recall {
  readonly turns: readonly (RecalledTurn & QuotedTurn)[];
  /** What was put before the user's message. */
  readonly block: string;
}

/** A table of contents, with the messages as they are now. */
export interface ReadContents extends Contents {
  readonly items: readonly Item[];
  /** The summary; undefined: there was none, or it was removed since. */
  readonly written: Summary | undefined;
  /** What was put before the first message. */
  readonly block: string;
}

/** The notes that were sent, as they are now. */
export interface ReportedNotes extends SentNotes {
  readonly block: string;
}

interface Payload {
  /** With the notes. */
  readonly systemTokens: number;
  readonly notes: (SentNotes & { readonly tokens: number }) | undefined;
  /** What the entries of the payload are made of, and their tokens without what is quoted. */
  readonly entries: readonly { readonly sources: readonly number[]; readonly tokens: number }[];
  /** Tokens of each source, and its id; null: it is not stored yet. */
  readonly sourceTokens: readonly number[];
  readonly idAt: (source: number) => string | null;
  /** The first source that belongs to the turn itself. */
  readonly current: number;
  readonly contents: (ReadContents & { readonly tokens: number }) | undefined;
  readonly recalled:
    | (ReadRecall & { readonly tokens: number; readonly turnTokens: readonly number[] })
    | undefined;
}

/** Divides a payload into its segments, in the order in which they are sent. */
export function partsOf({
  systemTokens,
  notes,
  entries,
  sourceTokens,
  idAt,
  current,
  contents,
  recalled,
}: Payload): ContextPart[] {
  const window = { kind: "window" as const, tokens: 0, message_ids: [] as string[] };
  const message = { kind: "message" as const, tokens: 0, message_ids: [] as string[] };
  for (const { sources, tokens } of entries) {
    const earlier = sources.filter((source) => source < current);
    // An entry can be made of both: two messages of the user in a row are joined.
    const share =
      earlier.length === sources.length
        ? tokens
        : earlier.reduce((sum, source) => sum + (sourceTokens[source] ?? 0), 0);
    window.tokens += share;
    message.tokens += tokens - share;
    for (const source of sources) {
      const id = idAt(source);
      if (id !== null) (source < current ? window : message).message_ids.push(id);
    }
  }
  const ofNotes = Math.min(notes?.tokens ?? 0, systemTokens);
  const ofSystem = systemTokens - ofNotes;
  return [
    ...(ofSystem > 0 ? [{ kind: "system" as const, tokens: ofSystem, message_ids: [] }] : []),
    ...(notes ? [notesPart(notes, ofNotes)] : []),
    ...(contents ? [contentsPart(contents)] : []),
    ...(window.tokens > 0 ? [window] : []),
    ...(recalled ? [recallPart(recalled)] : []),
    message,
  ];
}

const notesPart = ({ ids, total }: SentNotes, tokens: number): ContextPart => ({
  kind: "notes",
  tokens,
  message_ids: [],
  note_ids: [...ids],
  total,
});

const contentsPart = ({
  items,
  tokens,
  written,
  summary,
  failed,
}: NonNullable<Payload["contents"]>): ContextPart => ({
  kind: "summary",
  tokens,
  // Their first words are sent, not the messages.
  message_ids: [],
  ...(written && {
    summary: {
      text: written.text,
      covers: written.to,
      model: written.model,
      created_at: written.createdAt.toISOString(),
    },
  }),
  ...(typeof summary === "string" && { no_summary: summary }),
  entries: items.map(({ id, content }) => ({ message_id: id, text: firstWords(content) })),
  ...(failed && { failed }),
});

function recallPart(recalled: NonNullable<Payload["recalled"]>): ContextPart {
  const { turns, tokens, turnTokens, searched, total, sessions, matched, ms, failed } = recalled;
  return {
    kind: "recall",
    tokens,
    message_ids: inOrder(turns).flatMap(({ session, items }) =>
      session === undefined ? items.map(({ id }) => id) : [],
    ),
    hits: turns.flatMap(({ session, title = null, items, passage, score, similarity, terms }, n) => {
      const [first] = items;
      // Dropped since.
      if (first === undefined) return [];
      return {
        ...(session !== undefined && { session: { id: session, title } }),
        message_ids: items.map(({ id }) => id),
        text: excerpt(first.content, 0),
        ...(passage && { cut: true }),
        created_at: first.createdAt.toISOString(),
        tokens: turnTokens[n] ?? 0,
        score,
        ...(similarity !== undefined && { similarity }),
        terms: [...terms],
      };
    }),
    searched,
    total,
    ...(sessions !== undefined && { sessions }),
    matched,
    ms,
    ...(failed && { failed }),
  };
}

/**
 * Scales the tokens of messages or parts so that they add up to what was counted when they were sent: estimates may have
 * changed since.
 */
export function apportion<Counted extends { readonly tokens: number }>(
  all: Counted[],
  counted: number,
): Counted[] {
  const sum = all.reduce((total, { tokens }) => total + tokens, 0);
  if (sum === counted) return all;
  let rest = counted;
  return all.map((one, n) => {
    // What was sent can have been deleted since: then all of it has no tokens.
    const share = sum === 0 ? 0 : Math.floor((one.tokens * counted) / sum);
    const tokens = n === all.length - 1 ? rest : share;
    rest -= tokens;
    return { ...one, tokens };
  });
}
