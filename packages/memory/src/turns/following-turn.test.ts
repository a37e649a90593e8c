import { describe, expect, test } from "vitest";
import { CLIENTS, type Connection } from "../../test/redis.ts";
import { useRedis } from "../../test/use-redis.ts";
import { type BeginOptions, MessageHistory, SessionArchive, Turns } from "../index.ts";

describe.each(Object.entries(CLIENTS))("a turn that follows another, with %s", (_, connect) => {
  let redis: Connection;
  let name: string;
  let turns: Turns;
  let history: MessageHistory;
  let archive: SessionArchive;

  useRedis((connection, newName) => {
    [redis, name] = [connection, newName];
    const { client } = redis;
    turns = new Turns({ client, name });
    history = new MessageHistory({ client, name });
    archive = new SessionArchive({ client, name });
  }, connect);

  const answer = async (session: string, options: BeginOptions, text = "A") => {
    const ran = await turns.run(session, options, async (writer) => writer.write(text));
    if (ran.kind !== "ended") throw new Error(`It was ${ran.kind}`);
    return ran.turnId;
  };
  const contents = async (session: string) =>
    (await Array.fromAsync(history.items(session))).map(({ content }) => content);

  test("begins after the session's last turn, and after no other", async () => {
    const first = await answer("s", { content: "1" });
    const second = await answer("s", { content: "2", after: first });
    expect(await turns.begin("s", { content: "3", after: first })).toEqual({
      kind: "refused",
      reason: "not_last",
    });
    expect(await turns.begin("s", { content: "3", after: "0123456789abcdef" })).toEqual({
      kind: "refused",
      reason: "unknown",
    });
    expect(await turns.begin("nowhere", { content: "3", after: second })).toEqual({
      kind: "refused",
      reason: "unknown",
    });
    expect(await history.info("nowhere")).toBeNull();
    expect(await contents("s")).toEqual(["1", "A", "2", "A"]);
  });

  test("does not begin after a turn that another item follows, unless that was dropped", async () => {
    const first = await answer("s", { content: "1" });
    const { id } = await history.addMessage("s", { role: "user", content: "between" });
    expect(await turns.begin("s", { content: "2", after: first })).toMatchObject({ kind: "refused" });
    await history.drop("s", id);
    await answer("s", { content: "2", after: first });
    expect(await contents("s")).toEqual(["1", "A", "2", "A"]);
  });

  test("begins after a turn without output", async () => {
    const ran = await turns.run("s", { content: "1" }, async () => {});
    await answer("s", { content: "2", after: ran.kind === "ended" ? ran.turnId : "" });
    expect(await contents("s")).toEqual(["1", "2", "A"]);
  });

  test("finds the turn that it is to follow still running", async () => {
    const begun = await turns.begin("s", { content: "1" });
    if (begun.kind !== "begun") throw new Error("It did not begin");
    const { writer } = begun;
    expect(await turns.begin("s", { content: "2", after: writer.id })).toEqual({
      kind: "busy",
      turnId: writer.id,
    });
    await writer.end("completed");
    await answer("s", { content: "2", after: writer.id });
  });

  test("begins in a session that must be there only if it is", async () => {
    expect(await turns.begin("s", { content: "1", mustExist: true })).toEqual({
      kind: "refused",
      reason: "unknown",
    });
    await history.setMetadata("s", null);
    await answer("s", { content: "1", mustExist: true });
    expect(await contents("s")).toEqual(["1", "A"]);
  });

  test("gives a new session a TTL of its own, and leaves that of another one", async () => {
    const started = Date.now();
    await answer("s", { content: "1", ttlSeconds: 86_400 });
    await answer("s", { content: "2", ttlSeconds: 60 });
    await history.addMessage("s", { role: "user", content: "3" });
    expect(await history.info("s")).toMatchObject({ ttlSeconds: 86_400 });
    expect((await history.info("s"))?.expiresAt.getTime()).toBeGreaterThan(started + 86_000_000);
  });

  test("begins at the time that its record has", async () => {
    const begun = await turns.begin("s", { content: "1" });
    if (begun.kind !== "begun") throw new Error("It did not begin");
    expect((await turns.get("s", begun.writer.id))?.record.startedAt).toEqual(begun.startedAt);
    await begun.writer.end("completed");
  });

  test("goes on in a branch that was made through its parent", async () => {
    const first = await answer("s", { content: "1" });
    await answer("s", { content: "2", after: first });
    await archive.fork("s", "branch", { through: first });
    expect(await contents("branch")).toEqual(["1", "A"]);
    await answer("branch", { content: "other", after: first });
    expect(await contents("branch")).toEqual(["1", "A", "other", "A"]);
    expect((await turns.get("branch", first))?.text).toBe("A");
    expect(await contents("s")).toEqual(["1", "A", "2", "A"]);
    await expect(archive.fork("s", "none", { through: "0123456789abcdef" })).rejects.toMatchObject({
      code: "unknown_turn",
    });
    await expect(archive.fork("s", "none", { throuhg: first } as object)).rejects.toThrow(TypeError);
  });

  test("is forgotten once it has ended, and what it said stays", async () => {
    const first = await answer("s", { content: "1" });
    const second = await answer("s", { content: "2" });
    expect(await turns.forget("s", first)).toBe(1);
    expect(await turns.get("s", first)).toBeNull();
    expect(await turns.begin("s", { content: "3", after: first })).toMatchObject({ reason: "unknown" });
    expect(await turns.forget("s", first)).toBe("unknown");
    expect(await contents("s")).toEqual(["1", "A", "2", "A"]);
    const begun = await turns.begin("s", { content: "3", after: second });
    if (begun.kind !== "begun") throw new Error("It did not begin");
    expect(await turns.forget("s", begun.writer.id)).toBe("running");
    await begun.writer.end("completed");
    expect(await turns.forget("s", begun.writer.id)).toBe(1);
  });
});
