import { expect, test } from "vitest";
import type { Connection } from "../../test/redis.ts";
import { useRedis } from "../../test/use-redis.ts";
import { MessageHistory, Turns } from "../index.ts";
import type { NodeRedisClient } from "./client.ts";

/** A client whose connection breaks after a script was run and before its reply is there. */
class LossyClient implements NodeRedisClient {
  /** Replies to be lost, and what happens before the script is sent again. */
  losses = 0;
  meanwhile: () => Promise<unknown> = async () => {};
  readonly #client: NodeRedisClient;

  constructor(client: NodeRedisClient) {
    this.#client = client;
  }

  evalSha: NodeRedisClient["evalSha"] = (...args) => this.#lose(this.#client.evalSha(...args));
  eval: NodeRedisClient["eval"] = (...args) => this.#lose(this.#client.eval(...args));

  async #lose(work: Promise<unknown>): Promise<unknown> {
    const reply = await work;
    if (this.losses === 0) return reply;
    this.losses--;
    await this.meanwhile();
    throw new Error("Socket closed unexpectedly");
  }
}

let redis: Connection;
let name: string;
let lossy: LossyClient;
let turns: Turns;
/** Another process, with a sound connection. */
let elsewhere: Turns;
let history: MessageHistory;

useRedis(async (connection, newName) => {
  [redis, name] = [connection, newName];
  lossy = new LossyClient(redis.client as NodeRedisClient);
  turns = new Turns({ client: lossy, name });
  elsewhere = new Turns({ client: redis.client, name });
  history = new MessageHistory({ client: redis.client, name });
  // The scripts and the clock are known: from here on a reply is a script's own.
  const warm = await turns.begin("warm", { content: "Hi" });
  if (warm.kind === "begun") await warm.writer.end("completed");
});

const conversation = async () =>
  (await Array.fromAsync(history.messages("s"))).map(({ role, content }) => `${role}: ${content}`);

async function begin() {
  const begun = await turns.begin("s", { content: "Hi", idempotency: { key: "k", requestHash: "h" } });
  if (begun.kind !== "begun") throw new Error(`not begun but ${begun.kind}`);
  return begun;
}

test("each write of a turn, sent again because its reply was lost, is done once", async () => {
  lossy.losses = 2;
  const { writer, count } = await begin();
  expect(count).toBe(1);
  writer.describe({ model: "m" });
  for (const piece of ["one ", "two ", "three"]) {
    lossy.losses = 1;
    writer.write(piece);
    await expect.poll(() => writer.feed.text.endsWith(piece)).toBe(true);
  }
  writer.write(" four");
  lossy.losses = 1;
  expect(await writer.end("completed")).toMatchObject({ status: "completed", count: 2 });
  expect(writer.feed.text).toBe("one two three four");
  expect(await conversation()).toEqual(["user: Hi", "assistant: one two three four"]);
});

test("a turn that ended before the reply to its begin arrived is not begun twice", async () => {
  for (const meanwhile of ["cancelled", "interrupted"] as const) {
    await history.clear("s");
    lossy.losses = 1;
    lossy.meanwhile = async () => {
      const turnId = (await history.info("s"))?.runningTurnId ?? "";
      if (meanwhile === "cancelled") await elsewhere.cancel("s", turnId);
      else await redis.command("HSET", `${name}:{s}:meta`, "lease", "1");
    };
    const begun = await turns.begin("s", { content: "Hi" });
    expect(begun).toMatchObject({ kind: "replay" });
    const turnId = begun.kind === "replay" ? begun.turnId : "";
    expect(await elsewhere.get("s", turnId)).toMatchObject({ record: { status: meanwhile } });
    expect(await conversation()).toEqual(["user: Hi"]);
  }
});

test("cancelling, its reply lost, is an end all the same", async () => {
  const { writer } = await begin();
  lossy.losses = 1;
  await turns.cancel("s", writer.id);
  expect(await elsewhere.get("s", writer.id)).toMatchObject({ record: { status: "cancelled" } });
  expect(await writer.end("completed")).toMatchObject({ status: "cancelled" });
});

const TEXT = "Fruit was discussed.";
const summarize = async (answer: string) => {
  for (let n = 0; n < 10; n++) {
    await history.addMessage("s", {
      id: `m${n}`,
      role: "user",
      content: `Fruit ${n} is sold on each market here.`,
    });
  }
  const write = async () => {
    // Of the next script, which ends the job.
    lossy.losses = 2;
    return answer;
  };
  const cut = new MessageHistory({ client: lossy, name });
  return cut.summarize("s", { before: "m9", summarizer: { model: "m", write } });
};

test("a summary whose reply was lost is reported as written, with the time of its storing", async () => {
  const outcome = await summarize(TEXT);
  expect(outcome).toEqual({
    status: "written",
    summary: { text: TEXT, to: 9, model: "m", createdAt: expect.any(Date) },
  });
  expect((await history.summaries("s")).summaries).toEqual([outcome.status === "written" && outcome.summary]);
});

test("why there is no summary is reported, although the reply was lost", async () => {
  expect(await summarize("")).toEqual({ status: "refused", reason: "empty" });
});

test("a summary that was removed before its reply arrived is reported as changed", async () => {
  lossy.meanwhile = async () => void (await history.drop("s", "m1"));
  expect(await summarize(TEXT)).toEqual({ status: "changed" });
  expect(await history.summaries("s")).toEqual({ summaries: [], refused: "changed" });
});
