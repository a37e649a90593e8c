import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { CLIENTS, type Connection, uniqueName } from "../../test/redis.ts";
import { Subscriptions } from "./subscriptions.ts";

describe.each(Object.entries(CLIENTS))("subscriptions with %s", (_, connect) => {
  let redis: Connection;
  let channel: string;
  let subscriptions: Subscriptions;
  let woken: string[];
  const first = () => void woken.push("first");
  const second = () => void woken.push("second");

  beforeEach(async () => {
    redis = await connect();
    channel = uniqueName();
    subscriptions = Subscriptions.of(redis.subscriber);
    woken = [];
  });
  afterEach(() => redis.close());

  const publish = async () => {
    woken = [];
    await redis.command("PUBLISH", channel, "");
  };
  const subscribers = async () => ((await redis.command("PUBSUB", "NUMSUB", channel)) as unknown[])[1];

  test("a listener is woken once it holds, and by each publication until it is removed", async () => {
    subscriptions.add(channel, first);
    await expect.poll(() => woken).toEqual(["first"]);
    await publish();
    await expect.poll(() => woken).toEqual(["first"]);
    subscriptions.remove(channel, first);
    await expect.poll(subscribers).toBe(0);
    subscriptions.add(channel, first);
    await expect.poll(subscribers).toBe(1);
  });

  test("removing one listener leaves the others on its channel", async () => {
    subscriptions.add(channel, first);
    subscriptions.add(channel, second);
    await expect.poll(() => woken.toSorted()).toEqual(["first", "second"]);
    subscriptions.remove(channel, first);
    await publish();
    await expect.poll(() => woken).toEqual(["second"]);
    subscriptions.remove(channel, second);
    await expect.poll(subscribers).toBe(0);
  });
});
