import type { ApiItem, ItemList, ListQuery } from "@redis-memory-magic/protocol/openai";
import { invalid } from "./api-error.ts";

export const listOf = (data: ApiItem[], hasMore: boolean): ItemList => ({
  object: "list",
  data,
  first_id: data[0]?.id ?? null,
  last_id: data.at(-1)?.id ?? null,
  has_more: hasMore,
});

/**
 * A page of a list that is known as a whole.
 * @param items oldest first
 * @throws AppError `invalid_request` for `after` without such an item
 */
export function pageOf(items: readonly ApiItem[], { limit, order, after }: ListQuery): ItemList {
  const ordered = order === "asc" ? items : items.toReversed();
  const start = after === undefined ? 0 : ordered.findIndex(({ id }) => id === after) + 1;
  if (after !== undefined && start === 0) throw invalid("after", "must be the id of an item of this list");
  return listOf(ordered.slice(start, start + limit), start + limit < ordered.length);
}
