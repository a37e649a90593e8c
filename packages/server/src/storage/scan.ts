import { withinDeadline } from "./within-deadline.ts";

/** What is used of a client of one node. */
interface Node {
  scan(
    cursor: string,
    options: { MATCH: string; COUNT: number },
  ): Promise<{ cursor: string; keys: string[] }>;
}

/** What is used of a Cluster's client. */
interface Cluster<Master> {
  readonly masters: readonly Master[];
  nodeClient(master: Master): Node | Promise<Node>;
}

export type Scannable = Node | Cluster<never>;

/** All keys that match a pattern, on every node, each once or more. */
export async function* keysMatching(client: Scannable, pattern: string): AsyncGenerator<string> {
  const nodes = "masters" in client ? client.masters.map((master) => client.nodeClient(master)) : [client];
  for (const opened of nodes) {
    const node = await opened;
    let cursor = "0";
    do {
      const page = await withinDeadline(node.scan(cursor, { MATCH: pattern, COUNT: 1000 }));
      cursor = page.cursor;
      yield* page.keys;
    } while (cursor !== "0");
  }
}
