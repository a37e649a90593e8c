import type { IndexedItem } from "@redis-memory-magic/memory";
import { isBlobId } from "@redis-memory-magic/memory/internal";
import type { ApiItem, IncludeQuery, ItemList, ListQuery } from "@redis-memory-magic/protocol/openai";
import type { SessionStore } from "../chat/session-store.ts";
import { blobLoader } from "../chat/with-blobs.ts";
import { isFields } from "../fields.ts";
import { invalid } from "./api-error.ts";
import { apiTypeOf, toApiItem } from "./api-items.ts";
import { itemId, parseItemId } from "./ids.ts";
import { listOf } from "./item-list.ts";

/** A page of a conversation's items. @throws AppError `invalid_request` for `after` without such an item */
export async function pageOfItems(
  sessions: SessionStore,
  sessionId: string,
  query: ListQuery & IncludeQuery,
): Promise<ItemList> {
  const { limit, order, after } = query;
  const from = after === undefined ? undefined : await findItem(sessions, sessionId, after);
  if (from === null) throw invalid("after", "must be the id of an item of this conversation");
  const wanted = limit + 1;
  const found =
    order === "asc"
      ? await itemsAfter(sessions, sessionId, from?.index ?? -1, wanted)
      : await itemsBefore(sessions, sessionId, from?.index, wanted);
  const shown = await toApiItems(sessions, sessionId, found.slice(0, limit));
  return listOf(await included(sessions, sessionId, shown, query), found.length > limit);
}

/** How many indexes the next read covers: many may have been deleted. One script reads 500. */
const sizeAfter = (size: number): number => Math.min(2 * size, 500);

/** Oldest first. Where items were deleted, it reads on. */
async function itemsAfter(
  sessions: SessionStore,
  sessionId: string,
  index: number,
  wanted: number,
): Promise<IndexedItem[]> {
  const last = (await sessions.newest(sessionId))?.index ?? -1;
  const found: IndexedItem[] = [];
  let from = index + 1;
  for (let size = wanted; from <= last && found.length < wanted; size = sizeAfter(size)) {
    found.push(...(await sessions.range(sessionId, from, from + size)));
    from += size;
  }
  return found.slice(0, wanted);
}

/** Newest first. @param index default: behind the newest */
async function itemsBefore(
  sessions: SessionStore,
  sessionId: string,
  index: number | undefined,
  wanted: number,
): Promise<IndexedItem[]> {
  const found: IndexedItem[] = [];
  let to = index ?? ((await sessions.newest(sessionId))?.index ?? -1) + 1;
  for (let size = wanted; to > 0 && found.length < wanted; size = sizeAfter(size)) {
    found.push(...(await sessions.range(sessionId, Math.max(0, to - size), to)).reverse());
    to -= size;
  }
  return found.slice(0, wanted);
}

/** An item by the id that this API gave it. Null: it is not in this session. */
export async function findItem(
  sessions: SessionStore,
  sessionId: string,
  id: string,
): Promise<IndexedItem | null> {
  const address = parseItemId(id);
  if (address?.sessionId !== sessionId) return null;
  if (!("turnId" in address)) return sessions.locate(sessionId, address.itemId);
  const { turnId, position } = address;
  const record = (await sessions.turnRecords(sessionId, [turnId])).get(turnId);
  if (!record || record.answerIndex === null || position >= record.outputCount) return null;
  const index = record.answerIndex + position;
  return (await sessions.range(sessionId, index, index + 1))[0] ?? null;
}

/** Items as the API sends them, with the ids that they had in the responses that made them. */
export async function toApiItems(
  sessions: SessionStore,
  sessionId: string,
  items: readonly IndexedItem[],
): Promise<ApiItem[]> {
  const turnIds = new Set(items.flatMap(({ item }) => item.turnId ?? []));
  const records = await sessions.turnRecords(sessionId, [...turnIds]);
  return items.map(({ index, item }) => {
    const { answerIndex = null, id: turnId = "" } = records.get(item.turnId ?? "") ?? {};
    const isOutput = answerIndex !== null && index >= answerIndex;
    const place = isOutput
      ? { sessionId, turnId, position: index - answerIndex }
      : { sessionId, itemId: item.id };
    return toApiItem(item, itemId(apiTypeOf(item), place));
  });
}

/** The value of `include` that asks for the data of images. */
const IMAGE_DATA = "message.input_image.image_url";

/** Items with the data of their images, if the request asks for it. */
export const included = (
  sessions: SessionStore,
  sessionId: string,
  items: readonly ApiItem[],
  query: IncludeQuery,
): ApiItem[] | Promise<ApiItem[]> =>
  [query.include, query["include[]"]].flat().includes(IMAGE_DATA)
    ? withImageData(sessions, sessionId, items)
    : [...items];

/** Items with the data of their images, which are stored apart. */
export const withImageData = (
  sessions: SessionStore,
  sessionId: string,
  items: readonly ApiItem[],
): Promise<ApiItem[]> => {
  const load = blobLoader(sessions);
  return Promise.all(
    items.map(async (item) => {
      const { content } = item;
      if (!Array.isArray(content)) return item;
      const parts = content.map(async (part) => {
        if (!isFields(part)) return part;
        const { file_id, ...others } = part;
        if (part.type !== "input_image" || part.image_url !== null || !isBlobId(file_id)) return part;
        return { ...others, image_url: await load(sessionId, file_id) };
      });
      return { ...item, content: await Promise.all(parts) };
    }),
  );
};
