import { randomBytes } from "node:crypto";
import type { NodeRedisSubscriber } from "@redis-memory-magic/memory";
import { withinDeadline } from "../../storage/within-deadline.ts";
import { type CheckResult, fail, ok, warn } from "./check-result.ts";
import type { RedisNode } from "./redis-node.ts";

/**
 * Every command that the server sends or that its scripts use, and how it is tried: `KEY` is a key of our own with
 * nothing in it, or with the wrong thing, as only a refusal counts.
 */
export const COMMANDS: readonly string[] = [
  "EVAL return(1) 0",
  "EVALSHA 0000000000000000000000000000000000000000 0",
  "PING",
  "TIME",
  "INFO memory",
  "SCAN 0 MATCH KEY COUNT 1",
  "EXISTS KEY",
  "TYPE KEY",
  "TTL KEY",
  "PTTL KEY",
  "MEMORY USAGE KEY",
  "GET KEY",
  "SET KEY 0 EX 60",
  "GETEX KEY EX 60",
  "GETDEL KEY",
  "INCRBY KEY 1",
  "APPEND KEY 1",
  "STRLEN KEY",
  "GETRANGE KEY 0 1",
  "DEL KEY",
  "HSET KEY f v",
  "HSETNX KEY f v",
  "HGET KEY f",
  "HMGET KEY f",
  "HGETALL KEY",
  "HEXISTS KEY f",
  "HINCRBY KEY n 1",
  "HKEYS KEY",
  "HVALS KEY",
  "HLEN KEY",
  "HSCAN KEY 0",
  "HDEL KEY f",
  "UNLINK KEY",
  "RPUSH KEY v",
  "LLEN KEY",
  "LRANGE KEY 0 1",
  "LINDEX KEY 0",
  "LSET KEY 0 v",
  "PEXPIRE KEY 60000",
  "RENAME KEY KEY",
  "UNLINK KEY",
  "ZADD KEY 1 m",
  "ZCARD KEY",
  "ZSCORE KEY m",
  "ZCOUNT KEY 0 1",
  "ZRANGEBYSCORE KEY 0 1",
  "ZREVRANGEBYSCORE KEY 1 0",
  "ZREMRANGEBYSCORE KEY 0 0",
  "ZREM KEY m",
  "PUBLISH KEY message",
  "UNLINK KEY",
];

const REMEDY =
  "Allow it: deploy/redis/make-users.sh writes such a user, `+@all -@dangerous +info ~chat_history:* &chat_history:*` is another.";

/** Which of them this user may not use. */
export async function checkPermissions(node: RedisNode, name: string, where: string): Promise<CheckResult> {
  const key = `${name}:{doctor-${randomBytes(6).toString("hex")}}:messages`;
  const refused = new Set<string>();
  for (const line of COMMANDS) {
    const words = line.split(" ").map((word) => (word === "KEY" ? key : word));
    const answer = await node.ask(words).catch((error: Error) => error);
    // A key of another slot of a Cluster is elsewhere, and permissions are looked at before that.
    if (answer instanceof Error && answer.message.startsWith("NOPERM")) refused.add(words[0] ?? "");
  }
  if (refused.size === 0)
    return ok("permissions", `${where}all ${new Set(COMMANDS.map(verb)).size} commands that the server uses`);
  return fail(
    "permissions",
    `${where}this user may not use ${[...refused].join(", ")} on ${name}:* keys. ${REMEDY}`,
  );
}

/** Whether this user may be woken by messages: SUBSCRIBE needs a connection of its own. */
export async function checkSubscription(subscriber: NodeRedisSubscriber, name: string): Promise<CheckResult> {
  const channel = `${name}:{doctor-${randomBytes(6).toString("hex")}}:turns`;
  const listener = (): void => {};
  try {
    await withinDeadline(subscriber.subscribe(channel, listener));
    await withinDeadline(subscriber.unsubscribe(channel, listener));
    return ok("permissions", `SUBSCRIBE to ${name}:* channels`);
  } catch (error) {
    const { message, cause } = error as Error;
    return warn(
      "permissions",
      `SUBSCRIBE to ${name}:* channels is refused (${cause instanceof Error ? cause.message : message}): a client that follows an answer of another server sees it late. ${REMEDY}`,
    );
  }
}

export const verb = (line: string): string => line.split(" ")[0] ?? "";
