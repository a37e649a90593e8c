import assert from "node:assert/strict";
import { MessageHistory, type RedisClient } from "@redis-memory-magic/memory";
import { Redis } from "@upstash/redis";

const client = new Redis({ url: "http://127.0.0.1:1", token: "none" });
assert.throws(
  () => new MessageHistory({ client: client as unknown as RedisClient }),
  /^TypeError: client is Upstash's REST client/,
);
