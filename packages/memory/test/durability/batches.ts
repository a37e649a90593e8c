import type { MessageHistory, NewMessage } from "../../src/index.ts";

export const BATCH_SIZE = 3;

/** Messages that say which batch they are of, so that a half one can be told from a whole one. */
export const batch = (id: string, size = 20): NewMessage[] =>
  Array.from({ length: BATCH_SIZE }, (_, n) => ({
    role: "user",
    content: JSON.stringify({ batch: id, n }),
    metadata: "x".repeat(size),
  }));

/** The batches of a session in their order, and how many of them are not whole. */
export async function batchesOf(
  history: MessageHistory,
  session: string,
): Promise<{ ids: string[]; broken: number }> {
  const found = (await Array.fromAsync(history.messages(session))).map(
    ({ content }) => JSON.parse(content) as { batch: string; n: number },
  );
  const ids: string[] = [];
  let broken = 0;
  for (let at = 0; at < found.length; ) {
    const id = found[at]?.batch ?? "";
    let size = 0;
    while (found[at + size]?.batch === id && found[at + size]?.n === size) size++;
    ids.push(id);
    if (size !== BATCH_SIZE) broken++;
    at += Math.max(size, 1);
  }
  return { ids, broken };
}
