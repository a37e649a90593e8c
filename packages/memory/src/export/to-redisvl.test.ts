import { execFile, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, onTestFinished, test, vi } from "vitest";
import { type Connection, connectNodeRedis, removeKeys } from "../../test/redis.ts";
import { useRedis } from "../../test/use-redis.ts";
import { fromRedisVl, importHistory, type Message, MessageHistory, type NewMessage } from "../index.ts";
import { exportToRedisVl } from "./to-redisvl.ts";

let redis: Connection;
let name: string;
let history: MessageHistory;
useRedis((connection, given) => {
  redis = connection;
  name = given;
  history = new MessageHistory({ client: redis.client, name });
});

const at = (ms: number): Date => new Date(1_795_454_301_000 + ms);
const MESSAGES: NewMessage[] = [
  { role: "developer", content: "Be brief", createdAt: at(0) },
  { role: "user", content: "Hi 🎉", createdAt: at(0), metadata: { model: "mirror", n: [1, null] } },
  { role: "assistant", content: "", createdAt: at(0) },
  { role: "tool", content: "sunny", createdAt: at(0), toolCallId: "call_1" },
  { role: "assistant", content: "It is sunny", createdAt: at(2) },
];
const shown = ({ role, content, toolCallId, metadata }: NewMessage) => ({
  ...{ role: role === "developer" ? ("system" as const) : role, content },
  ...(toolCallId !== undefined && { toolCallId }),
  ...(metadata !== undefined && { metadata }),
});

test("what RedisVL is given comes back from its layout, in order", async () => {
  await history.addMessages("a:b", MESSAGES);
  await history.addMessage("a:b", { type: "reasoning", content: "Hm." });
  const target = { client: redis.client, prefix: `${name}:vl:` };
  for (let run = 0; run < 2; run++) expect(await exportToRedisVl(history, "a:b", target)).toBe(5);
  const back = new MessageHistory({ client: redis.client, name: `${name}:back` });
  const source = fromRedisVl({ client: redis.client, prefix: `${name}:vl` });
  expect(await importHistory(back, source)).toMatchObject({ sessions: 1, added: 5, damaged: 0 });
  const found: Message[] = await Array.fromAsync(back.messages("a:b"));
  expect(found.map(shown)).toEqual(MESSAGES.map(shown));
  expect(found.map(({ createdAt }) => createdAt)).toEqual(MESSAGES.map(({ createdAt }) => createdAt));
});

test("what was written expires if a TTL is given", async () => {
  await history.addMessage("s", { role: "user", content: "Hi" });
  const target = { client: redis.client, prefix: `${name}:vl`, ttlSeconds: 60 };
  await exportToRedisVl(history, "s", target);
  const [key = ""] = (await redis.command("KEYS", `${name}:vl:s:*`)) as string[];
  expect(await redis.command("TTL", key)).toBe(60);
  await expect(exportToRedisVl(history, "s", { ...target, ttlSeconds: 0 })).rejects.toThrow(TypeError);
});

test("an error of the target is thrown once, also while the history is read on", async () => {
  const unhandled = vi.fn();
  process.on("unhandledRejection", unhandled);
  onTestFinished(() => void process.off("unhandledRejection", unhandled));
  await history.addMessage("s", { role: "user", content: "Hi" });
  // More than one page of the history.
  await history.addMessages(
    "s",
    Array.from({ length: 1_000 }, () => ({ type: "reasoning", content: "Hm" })),
  );
  const full = async () => {
    throw new Error("OOM command not allowed");
  };
  const target = { client: { evalSha: full, eval: full }, prefix: `${name}:vl` };
  await expect(exportToRedisVl(history, "s", target)).rejects.toMatchObject({ code: "unavailable" });
  await new Promise((resolve) => setImmediate(resolve));
  expect(unhandled).not.toHaveBeenCalled();
});

const python = process.env.TEST_PYTHON ?? "python3";
const stack = process.env.TEST_REDIS_STACK_URL;
const hasRedisVl = stack !== undefined && spawnSync(python, ["-c", "import redisvl"]).status === 0;

test.skipIf(!hasRedisVl)("RedisVL reads it (skipped without RedisVL and TEST_REDIS_STACK_URL)", async () => {
  const stackRedis = await connectNodeRedis(stack);
  onTestFinished(async () => {
    await removeKeys(stackRedis, name);
    await stackRedis.close();
  });
  const many = Array.from({ length: 120 }, (_, n): NewMessage => ({ role: "user", content: `${n}` }));
  await history.addMessages("s", [...many, ...MESSAGES]);
  await exportToRedisVl(history, "s", { client: stackRedis.client, prefix: `${name}:vl` });
  const script = fileURLToPath(new URL("../../test/read-redisvl.py", import.meta.url));
  const { stdout } = await promisify(execFile)(python, [script, stack ?? "", `${name}:vl`, "s"]);
  const { count, recent } = JSON.parse(stdout);
  expect(count).toBe(125);
  expect(recent).toEqual(
    MESSAGES.map(({ role, content, toolCallId, metadata }) => ({
      ...{ role: role === "developer" ? "system" : role, content },
      ...(toolCallId !== undefined && { tool_call_id: toolCallId }),
      ...(metadata !== undefined && { metadata }),
    })),
  );
});
