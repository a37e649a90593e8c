import type { IndexedItem, Json, NewItem } from "@redis-memory-magic/memory";
import type { ChatRequest } from "@redis-memory-magic/protocol";
import type { Fields } from "../fields.ts";
import type { FieldNames, ModelSettings } from "./model-settings.ts";

/** What a turn is asked for, whichever API it came by. */
export interface TurnRequest
  extends Pick<
    ChatRequest,
    | "mode"
    | "memory"
    | "notes"
    | "other_sessions"
    | "not_recalled"
    | "provider"
    | "session_id"
    | "model"
    | "system"
    | "context_tokens"
    | "retry_of"
  > {
  /** What the turn adds to the session: the user's message, or outputs of tool calls. Empty for a retry. */
  readonly input: readonly NewItem[];
  readonly settings?: ModelSettings;
  /** Where it must go on: behind this turn, the last of the session; or in a session that is there. */
  readonly continues?: "session" | { readonly after: string };
  /** A TTL of its own for the session, if it is new. */
  readonly ttlSeconds?: number;
  /** The turn is not stored: what it goes on from comes with it. */
  readonly unstored?: {
    readonly history: readonly IndexedItem[];
    /** Where the images and files of the history are stored; absent: nowhere. */
    readonly from?: string | undefined;
  };
  /** True: no client waits for it, so it takes none of the caller's places for turns. */
  readonly background?: boolean;
  /** True: what the session's last turn began with, and ended without output, is not added again but run again. */
  readonly retrySame?: boolean;
  /** True if it is refused unless the model can be sent the whole history. */
  readonly wholeHistory?: boolean;
  /** Absent: errors name its fields as the native API has them. */
  readonly fieldNames?: FieldNames;
  /** What the API that it came by stores with it. */
  readonly client?: ClientFields;
}

export type ClientFields = Fields<Json>;

/** The text of what a turn adds. */
export const inputText = ({ input }: TurnRequest): string =>
  input.map(({ content = "" }) => content).join("\n");
