import type { Item, Json, NewItem } from "@redis-memory-magic/memory";
import { isBlobId } from "@redis-memory-magic/memory/internal";
import type { CreateResponse, InputItem } from "@redis-memory-magic/protocol/openai";
import type { SessionStore } from "../chat/session-store.ts";
import { blobLoader } from "../chat/with-blobs.ts";
import { AppError } from "../errors/app-error.ts";
import { isFields } from "../fields.ts";
import { findItem } from "./conversation-items.ts";
import { parseItemId } from "./ids.ts";
import { readInput, readItem, withoutRepeats } from "./input-items.ts";
import type { Parent } from "./parent.ts";

/**
 * The items of a request, with those that it only refers to. Items that the request's parent has in its context are
 * sent to the model already: clients send them again, by reference or whole, and they are taken once.
 * @throws AppError `invalid_request`, `message_not_found`
 */
export async function resolveInput(
  sessions: SessionStore,
  input: CreateResponse["input"],
  parent: Parent,
): Promise<NewItem[]> {
  if (!Array.isArray(input)) return readInput(input);
  const known = await knownIds(sessions, input, parent);
  const items = withoutRepeats(input, "input").filter(([{ id }]) => !known.has(id));
  const load = blobLoader(sessions);
  return Promise.all(
    items.map(async ([item, place]) =>
      isReference(item) ? referredTo(sessions, load, item.id ?? "") : readItem(item, place),
    ),
  );
}

/** The ids of the items that the parent has in its context: of its session, without those behind the parent. */
async function knownIds(
  sessions: SessionStore,
  input: readonly InputItem[],
  parent: Parent,
): Promise<ReadonlySet<unknown>> {
  if (parent.kind === "none") return new Set();
  const { sessionId } = parent;
  const given = input.flatMap(({ id }) => {
    const address = typeof id === "string" ? parseItemId(id) : undefined;
    return address?.sessionId === sessionId ? [{ ...address, id }] : [];
  });
  if (parent.kind === "conversation" || given.length === 0) return new Set(given.map(({ id }) => id));
  const turnIds = given.flatMap((item) => ("turnId" in item ? item.turnId : []));
  const records = await sessions.turnRecords(sessionId, [...new Set([parent.turnId, ...turnIds])]);
  const last = records.get(parent.turnId)?.userIndex ?? Number.POSITIVE_INFINITY;
  const known = given.map(async (item) => {
    const found =
      "turnId" in item
        ? records.get(item.turnId)?.userIndex
        : (await sessions.locate(sessionId, item.itemId))?.index;
    return found === undefined || found <= last ? [item.id] : [];
  });
  return new Set((await Promise.all(known)).flat());
}

/** Some clients leave the type out. */
const isReference = ({ type, id, role }: InputItem): boolean =>
  type === "item_reference" || ((type ?? role ?? undefined) === undefined && typeof id === "string");

type LoadBlobs = ReturnType<typeof blobLoader>;

async function referredTo(sessions: SessionStore, load: LoadBlobs, id: string): Promise<NewItem> {
  const address = parseItemId(id);
  const found = address && (await findItem(sessions, address.sessionId, id));
  if (!address || !found) {
    const message = "is not the id of an item that is stored";
    throw new AppError("message_not_found", `${JSON.stringify(id)} ${message}. Send the item itself.`, {
      errors: [{ field: "input", message }],
    });
  }
  return copyOf(load, address.sessionId, found.item);
}

/** An item to be stored in another session, with the data of its images and files. */
async function copyOf(load: LoadBlobs, sessionId: string, item: Item): Promise<NewItem> {
  const { id, createdAt, turnId, parts, ...fields } = item;
  if (!Array.isArray(parts)) return { ...fields, ...(parts !== undefined && { parts }) } as NewItem;
  const copied = parts.map(async (part: Json) => {
    if (!isFields<Json>(part) || !isBlobId(part.blob)) return part;
    const { blob, ...others } = part;
    const data = await load(sessionId, blob);
    return { ...others, [others.type === "input_file" ? "file_data" : "image_url"]: data };
  });
  return { ...fields, parts: await Promise.all(copied) } as NewItem;
}
