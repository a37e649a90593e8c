import { type Nodes, nodesOf } from "./nodes.ts";
import { withinDeadline } from "./within-deadline.ts";

/**
 * Returns the memory use of the fullest node, 0 to 1: of `maxmemory`, or of its machine's memory if that is not set.
 * Undefined if no node reports it.
 */
export async function memoryUsed(client: Nodes): Promise<number | undefined> {
  const asked = Array.from(nodesOf(client), async (node) =>
    withinDeadline((async () => (await node).info("memory"))()),
  );
  const reported = (await Promise.allSettled(asked)).flatMap((one) =>
    one.status === "fulfilled" ? usedOf(one.value) : [],
  );
  return reported.length > 0 ? Math.max(...reported) : undefined;
}

function usedOf(info: string): number[] {
  const bytes = (field: string): number => Number(new RegExp(`^${field}:(\\d+)`, "m").exec(info)?.[1] ?? 0);
  const most = bytes("maxmemory") || bytes("total_system_memory");
  return most > 0 ? [bytes("used_memory") / most] : [];
}
