import { MessageHistory } from "@redis-memory-magic/memory";
import { expect, test } from "vitest";
import { parseConversationId } from "../src/openai/ids.ts";
import { startWithSdk } from "../src/openai/sdk.fixture.ts";
import { watchCommands } from "./watch-commands.ts";

test.each(["asc", "desc"] as const)(
  "where thousands of items were deleted, a page takes few round trips (%s)",
  async (order) => {
    const { openai, server } = await startWithSdk();
    const { id } = await openai.conversations.create();
    const session = parseConversationId(id) ?? "";
    const history = new MessageHistory({ client: server.redis.client, name: server.name });
    const items = Array.from({ length: 4_000 }, (_, n) => ({ role: "user" as const, content: `item ${n}` }));
    const added = await history.addMessages(session, items);
    await history.truncate(session, { from: added[1]?.id ?? "" });
    await history.addMessage(session, { role: "user", content: "last" });
    const commandsOf = await watchCommands(server);
    const [{ data }, commands] = await commandsOf(() =>
      openai.conversations.items.list(id, { order, limit: 2 }),
    );
    const texts = [[{ text: "item 0" }], [{ text: "last" }]].map((content) => ({ content }));
    expect(data).toMatchObject(order === "asc" ? texts : texts.toReversed());
    // Without those that the scripts call.
    expect(commands.filter((command) => /^eval/i.test(command)).length).toBeLessThan(25);
  },
);
