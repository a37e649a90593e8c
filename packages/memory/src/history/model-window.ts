import type { Item } from "./item.ts";

/** Why an item is not sent to a model. */
export type LeftOutReason =
  /** A call without its output, or what belongs to one: a crash between the two leaves it. */
  | "call_without_output"
  /** An output without its call. */
  | "output_without_call"
  /** Reasoning without the item that it led to. */
  | "reasoning_without_item"
  /** It stands before the first message of a user. */
  | "before_first_user";

/** Of a history with any types. */
type AnyItem = Item<{ readonly metadata: unknown; readonly parts: unknown }>;

export interface LeftOut<I extends AnyItem = Item> {
  readonly item: I;
  readonly reason: LeftOutReason;
}

/**
 * Selects the items that every model's API accepts: calls with all of their outputs, right behind each other, or
 * neither; reasoning only before the item that it led to; a user's message before everything but instructions.
 *
 * @example
 * const { items, leftOut } = modelWindow(await history.getRecent("session_1", { k: 20, include: "items" }));
 */
export function modelWindow<I extends AnyItem>(all: readonly I[]): { items: I[]; leftOut: LeftOut<I>[] } {
  const reasons = new Map<I, LeftOutReason>();
  for (const group of toolGroups(all)) {
    if (group.pending.size > 0) for (const item of group.items) reasons.set(item, "call_without_output");
    for (const item of group.orphans) reasons.set(item, "output_without_call");
  }
  const isInstruction = ({ role }: AnyItem) => role === "system" || role === "developer";
  const firstUser = all.findIndex(
    (item) => item.role === "user" && item.toolCallId === undefined && !reasons.has(item),
  );
  for (const [n, item] of all.entries()) {
    if ((firstUser < 0 || n < firstUser) && !reasons.has(item) && !isInstruction(item)) {
      reasons.set(item, "before_first_user");
    }
  }
  /** The item behind it that is not reasoning. */
  let next: I | undefined;
  for (const item of all.toReversed()) {
    if (item.type !== "reasoning") next = item;
    if (item.type !== "reasoning" || reasons.has(item)) continue;
    const isInput = next?.role !== undefined && next.role !== "assistant";
    if (next === undefined || isInput || reasons.has(next)) reasons.set(item, "reasoning_without_item");
  }
  const leftOut = all.flatMap((item) => {
    const reason = reasons.get(item);
    return reason === undefined ? [] : { item, reason };
  });
  return { items: all.filter((item) => !reasons.has(item)), leftOut };
}

interface ToolGroup<I> {
  /** Calls, their outputs, and what stands between them. */
  readonly items: I[];
  /** Ids of calls without an output. */
  readonly pending: Set<string>;
  /** Outputs that answer none of the calls before them. */
  readonly orphans: I[];
}

function toolGroups<I extends AnyItem>(all: readonly I[]): ToolGroup<I>[] {
  const groups: ToolGroup<I>[] = [];
  let open: ToolGroup<I> | undefined;
  const start = (): ToolGroup<I> => {
    const group: ToolGroup<I> = { items: [], pending: new Set(), orphans: [] };
    groups.push(group);
    return group;
  };
  for (const item of all) {
    const { role, toolCalls = [], toolCallId } = item;
    if (toolCallId !== undefined || role === "tool") {
      // A result that does not name its call is one of any call.
      const [answered = ""] = toolCallId === undefined ? (open?.pending ?? []) : [toolCallId];
      if (open?.pending.delete(answered)) open.items.push(item);
      else (open ?? start()).orphans.push(item);
    } else if (toolCalls.length > 0) {
      // Parallel calls are one message, or several items without a role.
      if (open === undefined || role !== undefined || open.pending.size === 0) open = start();
      open.items.push(item);
      for (const { id } of toolCalls) open.pending.add(id);
    } else if (role !== undefined) {
      open = undefined;
    } else if (open !== undefined && open.pending.size > 0) {
      open.items.push(item);
    }
  }
  return groups;
}
