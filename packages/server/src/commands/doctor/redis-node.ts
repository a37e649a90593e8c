import type { Node } from "../../storage/nodes.ts";
import { withinDeadline } from "../../storage/within-deadline.ts";

/** One server, as the doctor asks it. */
export interface RedisNode {
  /** All fields of INFO. */
  readonly info: ReadonlyMap<string, string>;
  /** @throws an error of Redis */
  ask(words: readonly string[]): Promise<unknown>;
}

export async function openNode(node: Node): Promise<RedisNode> {
  const text = await withinDeadline(node.info("default"));
  const info = new Map(
    text.split(/\r?\n/).flatMap((line) => {
      const colon = line.indexOf(":");
      return colon < 0 ? [] : [[line.slice(0, colon), line.slice(colon + 1)] as const];
    }),
  );
  return {
    info,
    ask: (words) =>
      withinDeadline(node.sendCommand([...words])).catch((error: Error) => {
        throw error.cause ?? error;
      }),
  };
}
