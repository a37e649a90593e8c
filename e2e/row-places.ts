import { isDeepStrictEqual } from "node:util";
import type { ChatPage } from "./chat-page.ts";

interface RowPlace {
  readonly text: string;
  /** Distance from the window's top in pixels. */
  readonly top: number;
}

/** In how many frames in a row the rows are in the same places once they rest: a row is measured after it was drawn. */
const FRAMES_AT_REST = 6;
const MOST_FRAMES = 600;

/** Returns the messages that are in view, and where, once they rest. */
export async function places({ page }: ChatPage): Promise<RowPlace[]> {
  const articles = page.getByRole("log", { name: "Conversation" }).getByRole("article");
  const read = () =>
    articles.evaluateAll((rows) =>
      rows.map((row) => ({ text: row.textContent.slice(0, 18), top: row.getBoundingClientRect().top })),
    );
  let rows = await read();
  let same = 0;
  for (let frame = 0; frame < MOST_FRAMES; frame++) {
    await page.evaluate("new Promise(requestAnimationFrame)");
    const now = await read();
    same = isDeepStrictEqual(now, rows) ? same + 1 : 0;
    if (same === FRAMES_AT_REST) return now.filter(({ top }) => top > 150 && top < 750);
    rows = now;
  }
  throw new Error(`The rows did not come to rest within ${MOST_FRAMES} frames: ${JSON.stringify(rows)}`);
}

/** Returns by how many whole pixels the row has moved that has moved farthest. Rows end between two pixels. */
export async function moved(chat: ChatPage, before: readonly RowPlace[]): Promise<number> {
  const after = new Map((await places(chat)).map(({ text, top }) => [text, top]));
  return Math.max(
    ...before.map(({ text, top }) =>
      Math.trunc(Math.abs((after.get(text) ?? Number.POSITIVE_INFINITY) - top)),
    ),
  );
}
