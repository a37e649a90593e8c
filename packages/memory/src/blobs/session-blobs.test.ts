import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CLIENTS, type Connection, keysOf } from "../../test/redis.ts";
import { useRedis } from "../../test/use-redis.ts";
import { MessageHistory, SessionArchive, SessionBlobs, Turns } from "../index.ts";

const PIECE_BYTES = 196_608;
const PNG = { mediaType: "image/png" };

describe.each(Object.entries(CLIENTS))("SessionBlobs with %s", (_, connect) => {
  let redis: Connection;
  let name: string;
  let blobs: SessionBlobs;
  let history: MessageHistory;

  useRedis((connection, newName) => {
    [redis, name] = [connection, newName];
    blobs = new SessionBlobs({ client: redis.client, name });
    history = new MessageHistory({ client: redis.client, name });
  }, connect);

  const read = async (id: string, session = "s") => {
    const blob = await blobs.get(session, id);
    return blob && Buffer.concat(await Array.fromAsync(blob.data()));
  };
  async function* inParts(data: Uint8Array, size: number) {
    // One buffer for all parts, as some streams have it.
    const part = new Uint8Array(size);
    for (let from = 0; from < data.length; from += size) {
      const slice = data.subarray(from, from + size);
      part.set(slice);
      yield part.subarray(0, slice.length);
    }
  }

  test("any bytes, in any parts, are read as they were stored", async () => {
    const length = fc.constantFrom(0, 1, 2, 3, 1000, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 500_000);
    await fc.assert(
      fc.asyncProperty(length, fc.integer({ min: 5_000, max: 300_000 }), async (bytes, size) => {
        const data = randomBytes(bytes);
        const put = await blobs.put("s", inParts(data, size), PNG);
        expect(put).toMatchObject({ mediaType: "image/png", bytes });
        expect(await read(put.id)).toEqual(data);
        expect(await blobs.list("s")).toContainEqual({ id: put.id, mediaType: "image/png", bytes });
      }),
      { numRuns: 12 },
    );
  });

  test("the same content is stored once", async () => {
    const data = randomBytes(PIECE_BYTES * 2);
    const first = await blobs.put("s", data, PNG);
    const [size] = [await redis.command("MEMORY", "USAGE", `${name}:{s}:blobs`)];
    expect(await blobs.put("s", inParts(data, 7_000), PNG)).toEqual({ ...first, isNew: false });
    expect(first.isNew).toBe(true);
    expect(await redis.command("MEMORY", "USAGE", `${name}:{s}:blobs`)).toBe(size);
    expect((await keysOf(redis, `${name}:{s}`)).map((key) => key.split(":").at(-1))).toEqual([
      "blobs",
      "meta",
    ]);
  });

  test("they have the TTL of their session, and are deleted with it", async () => {
    const { id } = await blobs.put("s", randomBytes(10), PNG);
    expect(await history.info("s")).toMatchObject({ count: 0 });
    await redis.command("PEXPIRE", `${name}:{s}:blobs`, "1000");
    await history.addMessage("s", { role: "user", content: "x", parts: [{ image: id }] });
    expect(Number(await redis.command("PTTL", `${name}:{s}:blobs`))).toBeGreaterThan(3_000_000);
    expect(await redis.command("HGET", `${name}:{s}:meta`, "v")).toBe("2");
    expect((await history.storage("s"))?.keys.map((key) => key.name)).toContain(`${name}:{s}:blobs`);
    await history.clear("s");
    expect(await read(id)).toBeNull();
    expect(await keysOf(redis, `${name}:{s}`)).toEqual([]);
  });

  test("one that is too large is refused, and nothing of it stays", async () => {
    const small = new SessionBlobs({
      client: redis.client,
      name,
      maxBlobBytes: 300_000,
      maxSessionBytes: 400_000,
    });
    const endless = (function* () {
      for (;;) yield randomBytes(50_000);
    })();
    await expect(small.put("s", endless, PNG)).rejects.toMatchObject({ code: "too_large" });
    await small.put("s", randomBytes(300_000), PNG);
    await expect(small.put("s", randomBytes(100_001), PNG)).rejects.toMatchObject({ code: "too_large" });
    await small.put("s", randomBytes(100_000), PNG);
    expect(await blobs.list("s")).toHaveLength(2);
    // Pieces of the one that was refused while it came expire within a minute.
    for (const key of await keysOf(redis, `${name}:{s}:blobs:`)) {
      expect(await redis.command("PTTL", key)).toBeLessThanOrEqual(60_000);
    }
  });

  test("bytes are reserved before they are stored", async () => {
    const reserved: number[] = [];
    const reserve = (bytes: number) => void reserved.push(bytes);
    const { storedBytes } = await blobs.put("s", randomBytes(400_000), { ...PNG, reserve });
    expect(reserved.length).toBe(3);
    expect(reserved.reduce((sum, bytes) => sum + bytes)).toBe(storedBytes);
    const refuse = () => Promise.reject(new Error("The quota is used up"));
    await expect(blobs.put("t", randomBytes(10), { ...PNG, reserve: refuse })).rejects.toThrow("used up");
    expect(await history.info("t")).toBeNull();
  });

  test("a fork has the blobs of the items that it copies", async () => {
    const [first, second] = [randomBytes(300_000), randomBytes(10)];
    const { id } = await blobs.put("s", first, PNG);
    const { id: later } = await blobs.put("s", second, PNG);
    await history.addMessage("s", { role: "user", content: "x", parts: [{ image: id }] });
    const { id: before } = await history.addMessage("s", { role: "user", content: later });
    const archive = new SessionArchive({ client: redis.client, name });
    await archive.fork("s", "fork", { before });
    expect(await read(id, "fork")).toEqual(first);
    expect(await read(later, "fork")).toBeNull();
    expect(await history.ttl("fork")).toBeGreaterThan(3_000);
    // The bytes of a session's blobs are counted in a copy too.
    const small = new SessionBlobs({ client: redis.client, name, maxSessionBytes: 300_000 });
    await expect(small.put("fork", randomBytes(1), PNG)).rejects.toMatchObject({ code: "too_large" });
  });

  test("they are exported and imported", async () => {
    const data = randomBytes(300_000);
    const { id } = await blobs.put("s", data, PNG);
    const archive = new SessionArchive({ client: redis.client, name });
    const { items, blobs: exported } = await archive.read("s");
    await archive.restore("import", {
      messages: (await Array.fromAsync(items())).flat(),
      blobs: (async function* () {
        for await (const blob of exported()) yield { ...blob, data: blob.data() };
      })(),
    });
    expect(await read(id, "import")).toEqual(data);
    const wrong = [{ id, mediaType: "image/png", data: randomBytes(3) }];
    await expect(archive.restore("wrong", { messages: [], blobs: wrong })).rejects.toThrow(TypeError);
    expect(await history.info("wrong")).toBeNull();
  });

  test.each(["mine", "null", '{"id":"x","mediaType":"image/png","bytes":3}'])(
    "the damaged record %s of one is an error with a code",
    async (record) => {
      const { id } = await blobs.put("s", new Uint8Array(3), PNG);
      await redis.command("HSET", `${name}:{s}:blobs`, id, record);
      const error = { name: "MemoryError", code: "damaged" };
      await expect(blobs.get("s", id)).rejects.toMatchObject(error);
      await expect(blobs.list("s")).rejects.toMatchObject(error);
    },
  );

  test("a turn can begin in a session that has only blobs", async () => {
    const { id } = await blobs.put("s", randomBytes(10), PNG);
    const turns = new Turns({ client: redis.client, name });
    const message = { role: "user", content: "What is this?", parts: [{ type: "image", id }] } as const;
    const ran = await turns.run("s", { message }, async (writer) => writer.write("A cat."));
    expect(ran).toMatchObject({ kind: "ended", outcome: { count: 2 } });
    expect(await redis.command("HGET", `${name}:{s}:meta`, "v")).toBe("2");
  });

  test.each([
    ["no bytes", "text"],
    ["no media type", randomBytes(1), {}],
  ])("refuses %s", async (_, data, options = PNG) => {
    await expect(blobs.put("s", data as Uint8Array, options as typeof PNG)).rejects.toThrow(TypeError);
    expect(await keysOf(redis, name)).toEqual([]);
  });
});
