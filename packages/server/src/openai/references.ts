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

/**
 * The items of a request, with those that it only refers to. Items of the session that the request goes on in are in
 * its context already: clients send them again, by reference or whole, and they are taken once.
 * @param sessionId the session that the request goes on in
 * @throws AppError `invalid_request`, `message_not_found`
 */
export async function resolveInput(
  sessions: SessionStore,
  input: CreateResponse["input"],
  sessionId: string | undefined,
): Promise<NewItem[]> {
  if (!Array.isArray(input)) return readInput(input);
  const isKnown = ({ id }: InputItem): boolean =>
    sessionId !== undefined && typeof id === "string" && parseItemId(id)?.sessionId === sessionId;
  const items = withoutRepeats(input, "input").filter(([item]) => !isKnown(item));
  const load = blobLoader(sessions);
  return Promise.all(
    items.map(async ([item, place]) =>
      isReference(item) ? referredTo(sessions, load, item.id ?? "") : readItem(item, place),
    ),
  );
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
