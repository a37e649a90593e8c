import type { Json, NewItem } from "@redis-memory-magic/memory";
import { type AskedTurn, readStored } from "../chat/asked-turn.ts";
import type { Caller } from "../chat/caller.ts";
import type { Chat } from "../chat/chat.ts";
import type { StoredTurn } from "../chat/stored-session.ts";
import type { TurnInfo } from "../chat/turn-info.ts";
import { AppError } from "../errors/app-error.ts";
import { isFields } from "../fields.ts";
import { responseId, type TurnAddress } from "./ids.ts";
import { readContextFields } from "./settings.ts";
import { toUnixSeconds } from "./unix-seconds.ts";

/** What a turn that was begun for another one's response keeps of that one. */
export interface Again {
  readonly id: string;
  readonly created_at: number;
}

/** Of a turn that was begun again for a response; undefined: it is the response's first. */
export function againOf({ client }: TurnInfo): Again | undefined {
  const again = client?.again;
  return isFields<Json>(again) ? { id: String(again.id), created_at: Number(again.created_at) } : undefined;
}

/** Reads the turn that a response is now. @throws AppError `turn_not_found` */
export async function readTurn(
  chat: Chat,
  caller: Caller,
  address: TurnAddress,
): Promise<StoredTurn & { readonly address: TurnAddress }> {
  const stored = await readStored(caller.sessions, address.sessionId, address.turnId);
  const again = await runAgain(chat, caller, address, stored);
  if (again === undefined) return { ...stored, address };
  const { sessionId, turnId } = again;
  return { ...(await readStored(caller.sessions, sessionId, turnId)), address: { sessionId, turnId } };
}

/**
 * Begins a background response again whose server died, froze or was stopped before the first output; at most once,
 * whichever servers try. Returns the turn that was begun for it, now or before; undefined: its first turn has output,
 * or it cannot be begun again.
 * @param known the first turn, if it has been read
 * @throws AppError for what may succeed later
 */
export async function runAgain(
  chat: Chat,
  caller: Caller,
  address: TurnAddress,
  known?: StoredTurn,
): Promise<AskedTurn | undefined> {
  const { sessionId, turnId } = address;
  try {
    const stored = known ?? (await readStored(caller.sessions, sessionId, turnId));
    if (!isLost(stored)) return undefined;
    const { info, startedAt } = stored.record;
    const input = await caller.sessions.inputOf(sessionId, stored.record);
    const { mode, provider, model, system, settings, client } = info;
    return await chat.ask(
      caller,
      {
        ...{ mode, provider, model, session_id: sessionId, retry_of: turnId },
        system: system ?? "",
        input: input.map(({ item }) => item as NewItem),
        ...(settings && { settings }),
        ...readContextFields(client ?? {}),
        client: {
          ...client,
          again: { id: responseId(address), created_at: toUnixSeconds(startedAt) },
        },
      },
      { key: `again ${turnId}`, requestHash: "again", sessionId },
    );
  } catch (error) {
    // What can be tried again must not be answered with a response that has failed.
    const isLasting = error instanceof AppError && error.retryAfter === undefined && !isAway(error);
    if (!isLasting) throw error;
    return undefined;
  }
}

const isAway = ({ code }: AppError): boolean => code === "storage_unavailable";

const isLost = ({ record: { status, info }, items }: StoredTurn): boolean =>
  status === "interrupted" &&
  items.length === 0 &&
  info.client?.background === true &&
  againOf(info) === undefined;
