import { expect, test } from "vitest";
import { TurnFeed } from "./turn-feed.ts";

test("who comes late to a long text gets it in pieces, none of them with half a character at its end", async () => {
  const feed = new TurnFeed();
  const text = `x${"🎉".repeat(100_000)}`;
  feed.push(text);
  feed.end({ status: "completed", count: 2 });
  let read = "";
  for await (const update of feed.follow(0)) {
    if (update.type !== "text") break;
    expect(update.text.length).toBeLessThanOrEqual(16_384);
    expect(update.text.isWellFormed()).toBe(true);
    read += update.text;
    expect(update.length).toBe(read.length);
  }
  expect(read).toBe(text);
});
