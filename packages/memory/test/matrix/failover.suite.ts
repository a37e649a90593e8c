import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { MemoryError, MessageHistory } from "../../src/index.ts";
import { type Connection, connectTo, matrixTargets } from "../redis.ts";
import { startSentinel, type TestSentinel } from "../sentinel.ts";

describe.each(matrixTargets("sentinel"))("failover with %s", (_, { client, binary }) => {
  let sentinel: TestSentinel;
  let redis: Connection;

  beforeAll(async () => {
    sentinel = await startSentinel(binary);
    redis = await connectTo({ client, kind: "sentinel", ports: sentinel.ports });
  });
  afterAll(async () => {
    await redis?.close();
    await sentinel?.stop();
  });

  const message = (n: number) => ({ role: "user", content: `${n}`, id: `m${n}` }) as const;

  test("a writer continues on the new master, in order and without duplicates", async () => {
    const history = new MessageHistory({ client: redis.client, name: "failover", timeoutMs: 1000 });
    const acknowledged: string[] = [];
    let failures = 0;
    const write = async (n: number): Promise<void> => {
      for (;;) {
        try {
          await history.addMessage("s", message(n));
          break;
        } catch (error) {
          // The message was written, and only the reply was lost.
          if (MemoryError.isInstance(error) && error.code === "duplicate_id") break;
          expect(error).toMatchObject({ code: "unavailable" });
          failures++;
        }
      }
      acknowledged.push(`${n}`);
    };
    let n = 0;
    for (; n < 200; n++) await write(n);
    // The replica has these. A failover can lose only what came after.
    expect(await redis.command("WAIT", "1", "5000")).toBe(1);
    let over = false;
    const failover = sentinel.killMaster().finally(() => {
      over = true;
    });
    while (!over) await write(n++);
    await failover;
    const before = n;
    for (; n < before + 100; n++) await write(n);

    const kept = (await Array.fromAsync(history.messages("s"))).map(({ content }) => content);
    expect(kept).toEqual([...kept].sort((a, b) => Number(a) - Number(b)));
    expect(new Set(kept).size).toBe(kept.length);
    expect(kept.slice(0, 200)).toEqual(acknowledged.slice(0, 200));
    expect(kept.slice(-100)).toEqual(acknowledged.slice(-100));
    expect(failures).toBeGreaterThan(0);
  });
});
