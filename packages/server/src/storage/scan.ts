import { type Nodes, nodesOf } from "./nodes.ts";
import { withinDeadline } from "./within-deadline.ts";

/** Yields all keys that match a pattern, on every node, each once or more. */
export async function* keysMatching(client: Nodes, pattern: string): AsyncGenerator<string> {
  for (const opened of nodesOf(client)) {
    const node = await withinDeadline(Promise.resolve(opened));
    let cursor = "0";
    do {
      const page = await withinDeadline(node.scan(cursor, { MATCH: pattern, COUNT: 1000 }));
      cursor = page.cursor;
      yield* page.keys;
    } while (cursor !== "0");
  }
}
