import type { ChatPage } from "./chat-page.ts";

interface RowPlace {
  readonly text: string;
  /** Distance from the window's top in pixels. */
  readonly top: number;
}

/** Returns the messages that are in view, and where. */
export async function places({ page }: ChatPage): Promise<RowPlace[]> {
  // Rows are measured in the frames after they are drawn.
  await page.waitForTimeout(100);
  const rows = await page
    .getByRole("log", { name: "Conversation" })
    .getByRole("article")
    .evaluateAll((articles) =>
      articles.map((row) => ({ text: row.textContent.slice(0, 18), top: row.getBoundingClientRect().top })),
    );
  return rows.filter(({ top }) => top > 150 && top < 750);
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
