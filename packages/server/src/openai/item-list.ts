import type { Item } from "@redis-memory-magic/memory";
import type { ApiItem, ItemList, ListQuery } from "@redis-memory-magic/protocol/openai";
import { invalid } from "./api-error.ts";
import { apiTypeOf, toApiItem } from "./api-items.ts";
import { itemId } from "./ids.ts";

/** An item that is no turn's output, as the API sends it. */
export const inSession = (sessionId: string, item: Item): ApiItem =>
  toApiItem(item, itemId(apiTypeOf(item), { sessionId, itemId: item.id }));

/**
 * A page of a list.
 * @param items all of them, oldest first
 * @throws AppError `invalid_request` for `after` without such an item
 */
export function pageOf(items: readonly ApiItem[], { limit, order, after }: ListQuery): ItemList {
  const ordered = order === "asc" ? items : items.toReversed();
  const start = after === undefined ? 0 : ordered.findIndex(({ id }) => id === after) + 1;
  if (after !== undefined && start === 0) throw invalid("after", "must be the id of an item of this list");
  const data = ordered.slice(start, start + limit);
  return {
    object: "list",
    data: [...data],
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
    has_more: start + limit < ordered.length,
  };
}
