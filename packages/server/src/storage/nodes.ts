/** What is used of a client of one node. */
export interface Node {
  info(section: string): Promise<string>;
  ping(): Promise<unknown>;
  sendCommand(words: string[]): Promise<unknown>;
  scan(
    cursor: string,
    options: { MATCH: string; COUNT: number },
  ): Promise<{ cursor: string; keys: string[] }>;
}

/** What is used of a Cluster's client: it alone knows what a master is. */
interface Cluster {
  readonly masters: readonly unknown[];
  nodeClient(master: never): Node | Promise<Node>;
}

/** What can be asked of each of its nodes. */
export type Nodes = Node | Cluster;

/** All nodes that keys are on: of a Cluster the masters. Each is asked for when it is its turn. */
export function* nodesOf(client: Nodes): Generator<Node | Promise<Node>, void, void> {
  if (!("masters" in client)) yield client;
  else for (const master of client.masters) yield client.nodeClient(master as never);
}
