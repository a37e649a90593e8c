/** The used subset of a client of one node. */
export interface Node {
  info(section: string): Promise<string>;
  ping(): Promise<unknown>;
  sendCommand(words: string[]): Promise<unknown>;
  scan(
    cursor: string,
    options: { MATCH: string; COUNT: number },
  ): Promise<{ cursor: string; keys: string[] }>;
}

/** The used subset of a Cluster's client, which knows the masters. */
interface Cluster {
  readonly masters: readonly unknown[];
  nodeClient(master: never): Node | Promise<Node>;
}

/** A client of a single node or of a Cluster. */
export type Nodes = Node | Cluster;

/** Yields all nodes with keys: of a Cluster the masters. Connects to each when it is reached. */
export function* nodesOf(client: Nodes): Generator<Node | Promise<Node>, void, void> {
  if (!("masters" in client)) yield client;
  else for (const master of client.masters) yield client.nodeClient(master as never);
}
