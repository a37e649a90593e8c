import type { ListQuery } from "@redis-memory-magic/protocol/openai";
import { invalid } from "./api-error.ts";

export const listOf = <Entry extends { readonly id: string }>(data: Entry[], hasMore: boolean) => ({
  object: "list" as const,
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
export function pageOf<Entry extends { readonly id: string }>(
  items: readonly Entry[],
  { limit, order, after }: ListQuery,
) {
  const ordered = order === "asc" ? items : items.toReversed();
  const start = after === undefined ? 0 : ordered.findIndex(({ id }) => id === after) + 1;
  if (after !== undefined && start === 0) throw invalid("after", "must be the id of an item of this list");
  return listOf(ordered.slice(start, start + limit), start + limit < ordered.length);
}
