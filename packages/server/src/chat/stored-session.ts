import type {
  BeginOptions,
  BeginResult,
  BlobInfo,
  Item,
  EndedTurn as LibraryEndedTurn,
  ImportedTurn as LibraryImportedTurn,
  SessionImport as LibrarySessionImport,
  TurnRecord as LibraryTurnRecord,
  Message,
  OutputItem,
  SessionInfo,
  TurnState,
} from "@redis-memory-magic/memory";
import { decodeTurnInfo, type TurnInfo } from "./turn-info.ts";

export interface BeginTurn extends Omit<BeginOptions, "info"> {
  readonly info: TurnInfo;
}

/** A turn that has begun. */
export type BegunTurn = Extract<BeginResult, { kind: "begun" }> & {
  /** Gives back what was reserved of the quota: for a turn that is discarded. */
  readonly release: () => void;
};
export type BegunOrNot = BegunTurn | Exclude<BeginResult, { kind: "begun" }>;

type WithInfo<Turn> = Omit<Turn, "info"> & { readonly info: TurnInfo };
export type TurnRecord = WithInfo<LibraryTurnRecord>;
export type EndedTurn = WithInfo<LibraryEndedTurn>;
export type ImportedTurn = WithInfo<LibraryImportedTurn>;

export interface StoredTurn {
  readonly record: TurnRecord;
  /** The text of its messages. */
  readonly text: string;
  /** Its output so far. */
  readonly items: readonly OutputItem[];
  /** Items in the session. */
  readonly count: number;
  /** Its output from a position on, then its end. Null: it is running. */
  readonly replay: TurnState["replay"];
}

/** @template Entry null stands for a message that was dropped */
export interface MessagePage<Entry = Message> {
  /** Oldest first. */
  readonly messages: readonly Entry[];
  /** The turns that wrote them, by their ids. */
  readonly turns: ReadonlyMap<string, TurnRecord>;
}

/** An image or a file of a session, whose data is read while it is consumed. */
export interface StoredBlob extends BlobInfo {
  data(): AsyncIterable<Uint8Array>;
}

/** A whole session, read page by page. Reading fails if the session is cleared meanwhile. */
export interface ArchivedSession {
  readonly session: SessionInfo;
  /** All items. */
  items(): AsyncIterable<MessagePage<Item | null>>;
  /** Its images and files; the data of each is to be read before the next. */
  blobs(): AsyncIterable<Omit<StoredBlob, "bytes">>;
  /** In the order of their messages. */
  turns(): AsyncIterable<readonly EndedTurn[]>;
}

export type SessionImport = Omit<LibrarySessionImport, "turns" | "blobs"> & {
  readonly turns: readonly ImportedTurn[];
  readonly blobs?: readonly { readonly id: string; readonly mediaType: string; readonly data: Uint8Array }[];
};

/** Undefined for a turn that another program wrote. */
export function withInfo<Turn extends LibraryTurnRecord>(turn: Turn): WithInfo<Turn> | undefined {
  const info = decodeTurnInfo(turn.info);
  return info && { ...turn, info };
}

/** The index of the first item of a turn. */
export const beginningOf = ({ userIndex, inputCount }: TurnRecord): number => userIndex - inputCount + 1;

/** The index behind the last item of a turn. */
export const endOf = ({ userIndex, answerIndex, outputCount }: TurnRecord): number =>
  answerIndex === null ? userIndex + 1 : answerIndex + outputCount;
