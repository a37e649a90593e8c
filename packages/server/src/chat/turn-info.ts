import type { Json } from "@redis-memory-magic/memory";
import {
  type ContentsFailure,
  type FinishReason,
  type Lack,
  type NoSummary,
  type ProviderId,
  providerId,
  type RecallFailure,
  type Truncation,
} from "@redis-memory-magic/protocol";

import type { ModelSettings } from "./model-settings.ts";
import type { SentNotes } from "./notes-block.ts";
import type { Recall } from "./recall.ts";
import type { Contents } from "./table-of-contents.ts";
import type { ClientFields } from "./turn-request.ts";

/**
 * What is stored of a turn beside its text. It refers to messages by their index and never copies them, so its size
 * does not grow with the history.
 */
export interface TurnInfo {
  readonly mode: "stateless" | "stateful";
  readonly provider: ProviderId;
  readonly model: string;
  /** The system prompt, unless it is the default one. */
  readonly system?: string;
  /** What the request asked of the model beside the context. */
  readonly settings?: ModelSettings;
  /** What the API that it came by stores with it. */
  readonly client?: ClientFields;
  /** What the model could not be sent. */
  readonly lacks?: readonly Lack[];
  /** Absent: nothing was sent to the model. */
  readonly sent?: SentContext;
  readonly tokens?: TurnTokens;
  readonly durations?: TurnDurations;
  readonly error?: { readonly code: string; readonly detail: string };
  /** How the answer ended; absent for a complete one. */
  readonly finish?: Exclude<FinishReason, "complete">;
  /** Why the model was probably not able to read everything, and the window that it had; null: not known. */
  readonly cut?: { readonly reason: Truncation["reason"]; readonly window: number | null };
}

export interface SentContext {
  /** The index of the first message that was sent. */
  readonly from: number;
  readonly messages: number;
  readonly leftOut: number;
  /** Items of the session from outside the window that were quoted; absent: none. */
  readonly recalled?: number;
  readonly window: number;
  readonly budget: number;
  readonly hash: string;
  /** Absent: the owner had none, or they were not asked for. */
  readonly notes?: SentNotes;
  /** Absent: there was no table of contents. */
  readonly contents?: Contents;
  /** Absent: nothing was searched. */
  readonly recall?: Recall;
}

/** Null: the provider did not report it. */
export interface TurnTokens {
  readonly counted: number;
  readonly reported: number | null;
  readonly cached: number | null;
  readonly output: number | null;
}

/** In milliseconds from the beginning of the turn. */
export interface TurnDurations {
  /** Until the first text; null: there was no text. */
  readonly firstText: number | null;
  readonly total: number;
}

/** A turn's info in Redis. Tuples, because there is one for each turn. */
type StoredInfo = {
  readonly mode: TurnInfo["mode"];
  readonly provider: ProviderId;
  readonly model: string;
  readonly system?: string;
  readonly settings?: ModelSettings;
  readonly client?: ClientFields;
  readonly lacks?: readonly Lack[];
  readonly sent?: readonly [number, number, number, number, number, string];
  readonly recalled?: number;
  /** How many the owner had, and the ids of those that were sent. */
  readonly notes?: readonly [number, ...string[]];
  /** The indexes that the table of contents listed, or why there was none. */
  readonly contents?: readonly number[] | ContentsFailure;
  /** The index that the model's summary before it ended before, or why there was none. */
  readonly summary?: number | NoSummary;
  readonly recall?: StoredRecall;
  /** Counted (early versions stored estimates as negative numbers), reported, cached, output. */
  readonly tokens?: readonly [number, number | null, number | null, number | null];
  readonly ms?: readonly [number | null, number];
  readonly error?: readonly [string, string];
  readonly finish?: Exclude<FinishReason, "complete">;
  readonly cut?: readonly [Truncation["reason"], number | null];
};

/**
 * Turns as `[from, to, score, [word, weight, …, similarity], other session or "", passage's index, from, to]`, the
 * similarity only where there is one; ms, searched, total, matched, other sessions that were searched; why it failed.
 */
type StoredRecall = readonly [
  turns: readonly (readonly [number, number, number, readonly (string | number)[], ...(string | number)[]])[],
  figures: readonly [number, number, number, number, ...number[]],
  failed: RecallFailure | null,
];

function encodeRecall({ turns, ms, searched, total, sessions, matched, failed }: Recall): StoredRecall {
  return [
    turns.map(({ session, from, to, passage, score, similarity, terms }) => {
      const words: (string | number)[] = [];
      for (const { term, weight } of terms) words.push(term, weight);
      if (similarity !== undefined) words.push(similarity);
      const part = passage === undefined ? [] : [passage.index, passage.from, passage.to];
      const more = session === undefined && part.length === 0 ? [] : [session ?? "", ...part];
      return [from, to, score, words, ...more];
    }),
    sessions === undefined ? [ms, searched, total, matched] : [ms, searched, total, matched, sessions],
    failed ?? null,
  ];
}

function decodeRecall([turns, [ms, searched, total, matched, sessions], failed]: StoredRecall): Recall {
  return {
    turns: turns.map(([from, to, score, words, session = "", index, begin, end]) => ({
      ...(session !== "" && { session: String(session) }),
      from,
      to,
      ...(index !== undefined && {
        passage: { index: Number(index), from: Number(begin), to: Number(end) },
      }),
      score,
      ...(words.length % 2 === 1 && { similarity: Number(words.at(-1)) }),
      terms: words.flatMap((word, n) =>
        typeof word === "string" ? [{ term: word, weight: Number(words[n + 1]) }] : [],
      ),
    })),
    ms,
    searched,
    total,
    ...(sessions !== undefined && { sessions }),
    matched,
    ...(failed && { failed }),
  };
}

const decodeContents = (
  stored: readonly number[] | ContentsFailure,
  summary: number | NoSummary | undefined,
): Contents =>
  typeof stored === "string"
    ? { listed: [], failed: stored }
    : { listed: stored, ...(summary !== undefined && { summary }) };

export function encodeTurnInfo(info: TurnInfo): Json {
  const {
    mode,
    provider,
    model,
    system,
    settings,
    client,
    lacks,
    sent,
    tokens,
    durations,
    error,
    finish,
    cut,
  } = info;
  const stored: StoredInfo = {
    mode,
    provider,
    model,
    ...(system !== undefined && { system }),
    ...(settings && { settings }),
    ...(client && { client }),
    ...(lacks && { lacks }),
    ...(sent && {
      sent: [sent.from, sent.messages, sent.leftOut, sent.window, sent.budget, sent.hash],
    }),
    ...(sent?.recalled && { recalled: sent.recalled }),
    ...(sent?.notes && { notes: [sent.notes.total, ...sent.notes.ids] }),
    ...(sent?.contents && { contents: sent.contents.failed ?? sent.contents.listed }),
    ...(sent?.contents?.summary !== undefined && { summary: sent.contents.summary }),
    ...(sent?.recall && { recall: encodeRecall(sent.recall) }),
    ...(tokens && { tokens: [tokens.counted, tokens.reported, tokens.cached, tokens.output] }),
    ...(durations && { ms: [durations.firstText, durations.total] }),
    ...(error && { error: [error.code, error.detail] }),
    ...(finish && { finish }),
    ...(cut && { cut: [cut.reason, cut.window] }),
  };
  return stored;
}

/** Undefined for a turn that another program wrote. */
export function decodeTurnInfo(json: Json): TurnInfo | undefined {
  if (!isStoredInfo(json)) return undefined;
  const {
    mode,
    provider,
    model,
    system,
    settings,
    client,
    lacks,
    sent,
    notes,
    contents,
    summary,
    recalled,
    recall,
    tokens,
    ms,
    error,
    finish,
    cut,
  } = json;
  return {
    mode,
    provider,
    model,
    ...(system !== undefined && { system }),
    ...(settings && { settings }),
    ...(client && { client }),
    ...(lacks && { lacks }),
    ...(sent && {
      sent: {
        from: sent[0],
        messages: sent[1],
        leftOut: sent[2],
        window: sent[3],
        budget: sent[4],
        hash: sent[5],
        ...(recalled && { recalled }),
        ...(notes && { notes: { total: notes[0], ids: notes.slice(1) as string[] } }),
        ...(contents && { contents: decodeContents(contents, summary) }),
        ...(recall && { recall: decodeRecall(recall) }),
      },
    }),
    ...(tokens && {
      tokens: { counted: Math.abs(tokens[0]), reported: tokens[1], cached: tokens[2], output: tokens[3] },
    }),
    ...(ms && { durations: { firstText: ms[0], total: ms[1] } }),
    ...(error && { error: { code: error[0], detail: error[1] } }),
    ...(finish && { finish }),
    ...(cut && { cut: { reason: cut[0], window: cut[1] } }),
  };
}

/** By the fields that every turn of this server has; the others follow from the same version of this file. */
function isStoredInfo(json: Json): json is StoredInfo {
  if (typeof json !== "object" || json === null || !("mode" in json)) return false;
  const { mode, provider, model } = json;
  const isMode = mode === "stateless" || mode === "stateful";
  return isMode && providerId.safeParse(provider).success && typeof model === "string";
}
