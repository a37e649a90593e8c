import { describe, expect, test } from "vitest";
import { CLIENTS, type Connection } from "../../test/redis.ts";
import { useRedis } from "../../test/use-redis.ts";
import { MessageHistory, Turns } from "../index.ts";

describe.each(Object.entries(CLIENTS))("A turn that replaces, with %s", (_, connect) => {
  let redis: Connection;
  let name: string;
  let turns: Turns;
  let history: MessageHistory;
  useRedis((connection, newName) => {
    [redis, name] = [connection, newName];
    turns = new Turns({ client: redis.client, name });
    history = new MessageHistory({ client: redis.client, name });
  }, connect);

  const conversation = async () =>
    (await Array.fromAsync(history.items("s"))).map(({ id, content }) => `${id}: ${content}`);
  const ask = (id: string, content: string, replaceFrom?: string) =>
    turns.run(
      "s",
      { message: { role: "user", id, content }, ...(replaceFrom && { replaceFrom }) },
      async (writer) =>
        writer.end("completed", { message: { role: "assistant", id: `${id}a`, content: "Yes." } }),
    );

  test("removes an item and all that follow it as it begins; ids can be used again", async () => {
    await ask("1", "One?");
    await ask("2", "Two?");
    await ask("3", "Three?");
    expect((await ask("2", "Two, again?", "2")).kind).toBe("ended");
    expect(await conversation()).toEqual(["1: One?", "1a: Yes.", "2: Two, again?", "2a: Yes."]);
    expect(await history.count("s")).toBe(4);
    expect(await history.getItem("s", "3")).toBeNull();
    expect((await history.getItem("s", "2a"))?.content).toBe("Yes.");
  });

  test("without a turn nothing is removed", async () => {
    await ask("1", "One?");
    await ask("2", "Two?");
    const all = await conversation();
    expect(await ask("9", "Nine?", "9")).toEqual({ kind: "refused", reason: "unknown" });
    await expect(ask("1", "One?", "2")).resolves.toMatchObject({ kind: "replay" });
    const begun = await turns.begin("s", { content: "Three?" });
    if (begun.kind !== "begun") throw new Error(begun.kind);
    expect(await ask("2", "Again?", "2")).toMatchObject({ kind: "busy", turnId: begun.writer.id });
    await begun.writer.end("cancelled");
    expect((await conversation()).slice(0, -1)).toEqual(all);
    await expect(turns.begin("s", { retryOf: begun.writer.id, replaceFrom: "1" })).rejects.toThrow(TypeError);
  });
});
