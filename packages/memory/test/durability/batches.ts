import type { MessageHistory, NewMessage } from "../../src/index.ts";

export const BATCH_SIZE = 3;

/** Makes messages that name their batch, so that an incomplete batch can be recognized. */
export const batch = (id: string, size = 20): NewMessage[] =>
  Array.from({ length: BATCH_SIZE }, (_, n) => ({
    role: "user",
    content: JSON.stringify({ batch: id, n }),
    metadata: "x".repeat(size),
  }));

/** Returns the batches of a session in order, and how many of them are incomplete. */
export async function batchesOf(
  history: MessageHistory,
  session: string,
): Promise<{ ids: string[]; incomplete: number }> {
  const found = (await Array.fromAsync(history.messages(session))).map(
    ({ content }) => JSON.parse(content) as { batch: string; n: number },
  );
  const ids: string[] = [];
  let incomplete = 0;
  for (let at = 0; at < found.length; ) {
    const id = found[at]?.batch ?? "";
    let size = 0;
    while (found[at + size]?.batch === id && found[at + size]?.n === size) size++;
    ids.push(id);
    if (size !== BATCH_SIZE) incomplete++;
    at += Math.max(size, 1);
  }
  return { ids, incomplete };
}
