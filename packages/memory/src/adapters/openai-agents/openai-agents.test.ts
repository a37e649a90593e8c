import {
  Agent,
  type AgentInputItem,
  MemorySession,
  type Model,
  type ModelRequest,
  Runner,
  type Session,
  tool,
  Usage,
} from "@openai/agents-core";
import { describe, expect, test } from "vitest";
import { CLIENTS, type Connection } from "../../../test/redis.ts";
import { useRedis } from "../../../test/use-redis.ts";
import { MessageHistory } from "../../index.ts";
import { RedisMemorySession } from "./index.ts";

const ITEMS: AgentInputItem[] = [
  {
    role: "user",
    content: [
      { type: "input_text", text: "What is on this picture?" },
      { type: "input_image", image: "data:image/png;base64,AAAA" },
    ],
  },
  {
    type: "reasoning",
    id: "rs_1",
    content: [{ type: "input_text", text: "I have to look." }],
    providerData: { encrypted_content: "xx" },
  },
  {
    type: "function_call",
    id: "fc_1",
    callId: "c1",
    name: "look",
    status: "completed",
    arguments: '{"a": 1}',
    providerData: { a: 1 },
  },
  {
    type: "function_call_result",
    name: "look",
    callId: "c1",
    status: "completed",
    output: { type: "text", text: "A cat." },
  },
  { type: "hosted_tool_call", name: "web_search_call", status: "completed", providerData: { a: 1 } },
  {
    type: "computer_call",
    callId: "c2",
    status: "completed",
    action: { type: "screenshot" },
  },
  { type: "computer_call_result", callId: "c2", output: { type: "computer_screenshot", data: "AAAA" } },
  { type: "compaction", encrypted_content: "xx" } as AgentInputItem,
  {
    type: "message",
    role: "assistant",
    id: "m1",
    status: "completed",
    content: [{ type: "output_text", text: "A cat.", providerData: { annotations: [] } }],
  },
  { role: "system", content: "Be brief." },
];

const said = (content: string): AgentInputItem => ({ role: "user", content });

describe.each(Object.entries(CLIENTS))("A session of the Agents SDK with %s", (_, connect) => {
  let redis: Connection;
  let name: string;
  let history: MessageHistory;
  let session: RedisMemorySession;
  useRedis((connection, newName) => {
    [redis, name] = [connection, newName];
    history = new MessageHistory({ client: redis.client, name });
    session = new RedisMemorySession(history, "s");
  }, connect);
  const contents = async (one: Session = session) =>
    (await one.getItems()).map((item) => (item as { content?: unknown }).content);

  test("gives back items of every kind as they were", async () => {
    await session.addItems(ITEMS);
    expect(await session.getItems()).toEqual(ITEMS);
    for (let limit = 0; limit <= ITEMS.length + 1; limit++) {
      expect(await session.getItems(limit)).toEqual(limit === 0 ? [] : ITEMS.slice(-limit));
    }
    expect(await session.getSessionId()).toBe("s");
    const plain = await Array.fromAsync(history.messages("s"));
    expect(plain.map(({ role, content }) => `${role}: ${content}`)).toEqual([
      "user: What is on this picture?",
      "assistant: A cat.",
      "system: Be brief.",
    ]);
    for (const item of ITEMS.toReversed()) expect(await session.popItem()).toEqual(item);
    expect(await session.popItem()).toBeUndefined();
    await session.addItems(ITEMS);
    await session.clearSession();
    expect(await session.getItems()).toEqual([]);
  });

  test("reads what was written without the Agents SDK", async () => {
    await history.addMessages("s", [
      { role: "user", content: "Hi" },
      { role: "assistant", content: "", toolCalls: [{ id: "c", name: "now", arguments: "{}" }] },
      { role: "tool", content: "12:00", toolCallId: "c" },
      { role: "assistant", content: "Noon." },
    ]);
    expect((await session.getItems()).map(({ type }) => type)).toEqual([
      undefined,
      "function_call",
      "function_call_result",
      "message",
    ]);
  });

  test("each of many pops at the same time gets another item", async () => {
    await session.addItems(Array.from({ length: 60 }, (_, n) => said(`${n}`)));
    const popped = await Promise.all(Array.from({ length: 50 }, () => session.popItem()));
    expect(new Set(popped.map((item) => (item as { content: string }).content)).size).toBe(50);
    expect(await session.getItems()).toHaveLength(10);
  });

  test("a runner's conversation is the same as in the SDK's own session", async () => {
    const found = tool({
      name: "look",
      description: "Looks",
      parameters: { type: "object", properties: {}, required: [], additionalProperties: false },
      execute: async () => "found",
    });
    const converse = async (own: Session) => {
      let calls = 0;
      const inputs: unknown[] = [];
      const model: Model = {
        async getResponse({ input }: ModelRequest) {
          inputs.push(structuredClone(input));
          calls++;
          const call = { type: "function_call", callId: `c${calls}`, name: "look", arguments: "{}" } as const;
          const text = { type: "output_text", text: `Answer ${calls}` } as const;
          return {
            usage: new Usage(),
            output:
              calls % 2 === 1
                ? [
                    { type: "reasoning", id: `rs${calls}`, content: [] },
                    { ...call, id: `fc${calls}`, status: "completed" },
                  ]
                : [
                    {
                      type: "message",
                      role: "assistant",
                      id: `m${calls}`,
                      status: "completed",
                      content: [text],
                    },
                  ],
          };
        },
        getStreamedResponse: () => {
          throw new Error("not asked to stream");
        },
      };
      const runner = new Runner({ tracingDisabled: true, modelProvider: { getModel: () => model } });
      const agent = new Agent({ name: "A", tools: [found] });
      await runner.run(agent, "one", { session: own });
      await runner.run(agent, "two", { session: own });
      return { inputs, items: await own.getItems() };
    };
    const [ours, theirs] = [await converse(session), await converse(new MemorySession())];
    expect(ours).toEqual(JSON.parse(JSON.stringify(theirs)));
    expect(ours.items).toHaveLength(10);
  });

  test("a transaction is applied once, however often it is tried", async () => {
    const append = {
      operationId: "op-1",
      transaction: { type: "append_items", items: [said("a")] },
    } as const;
    await Promise.all(
      Array.from({ length: 10 }, () =>
        session.applyHistoryTransaction({
          ...append,
          transaction: { ...append.transaction, items: [said("a")] },
        }),
      ),
    );
    expect(await contents()).toEqual(["a"]);
    const replace = {
      operationId: "op-2",
      transaction: {
        type: "replace_suffix" as const,
        expectedSuffix: [said("a")],
        replacement: [said("b"), said("c")],
      },
    };
    for (let n = 0; n < 3; n++) await session.applyHistoryTransaction(replace);
    expect(await contents()).toEqual(["b", "c"]);
    await expect(
      session.applyHistoryTransaction({ ...replace, transaction: { type: "append_items", items: [] } }),
    ).rejects.toThrow("another transaction");
    expect(await contents()).toEqual(["b", "c"]);
  });

  test("a transaction that begins a session takes no terms of one that Redis has evicted", async () => {
    const recalling = new MessageHistory({ client: redis.client, name, recall: true });
    for (const content of ["a tent", "a boat"]) await recalling.store("s", content, "Yes.");
    await redis.command("DEL", `${name}:{s}:meta`);
    await redis.command("DEL", `${name}:{s}:messages`);
    const items: AgentInputItem[] = ["a lamp", "a rope"].map((content) => ({ role: "user", content }));
    const operation = { operationId: "op", transaction: { type: "append_items" as const, items } };
    await new RedisMemorySession(recalling, "s").applyHistoryTransaction(operation);
    const search = async (query: string) => {
      const options = { maxTokens: 100, countTokens: () => 1, minCoverage: 0 };
      return (await recalling.search("s", query, options)).hits[0]?.messages[0]?.content;
    };
    expect(await search("boat")).toBeUndefined();
    expect(await search("rope")).toBe("a rope");
  });

  test("a suffix is replaced only if it is as expected", async () => {
    await session.addItems(ITEMS);
    const replace = (operationId: string, expectedSuffix: AgentInputItem[], replacement: AgentInputItem[]) =>
      session.applyHistoryTransaction({
        operationId,
        transaction: { type: "replace_suffix", expectedSuffix, replacement },
      });
    await expect(replace("1", [said("other")], [])).rejects.toMatchObject({ code: "conflict" });
    await expect(replace("2", [...ITEMS, ...ITEMS], [])).rejects.toMatchObject({ code: "conflict" });
    await expect(replace("3", ITEMS.slice(0, -1), [])).rejects.toMatchObject({ code: "conflict" });
    expect(await session.getItems()).toEqual(ITEMS);
    await session.popItem();
    await replace("4", ITEMS.slice(-3, -1), [said("x")]);
    expect(await session.getItems()).toEqual([...ITEMS.slice(0, -3), said("x")]);
    await replace("5", [], [said("y")]);
    await replace("6", [said("y")], []);
    expect(await session.getItems()).toEqual([...ITEMS.slice(0, -3), said("x")]);
    expect(await history.count("s")).toBe(ITEMS.length - 2);
  });

  test("of two different replacements at the same time one is refused, and nothing is mixed", async () => {
    await session.addItems([said("a"), said("b")]);
    const replace = (operationId: string) =>
      session.applyHistoryTransaction({
        operationId,
        transaction: {
          type: "replace_suffix",
          expectedSuffix: [said("b")],
          replacement: [said(operationId)],
        },
      });
    const results = await Promise.allSettled(["x", "y", "z"].map(replace));
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect(await contents()).toHaveLength(2);
  });

  test("mutations and compactions change the history as the SDK's own session does", async () => {
    const own = new MemorySession();
    const replacement = {
      ...(ITEMS[2] as Extract<AgentInputItem, { type: "function_call" }>),
      arguments: "{}",
    };
    const again = { ...replacement, id: "fc_2" };
    for (const one of [session, own]) {
      await one.addItems([...ITEMS, again]);
      await one.applyHistoryMutations({
        mutations: [{ type: "replace_function_call", callId: "c1", replacement }],
      });
    }
    expect(await session.getItems()).toEqual(await own.getItems());
    await session.replaceHistoryWithCompaction([ITEMS[7] as AgentInputItem, said("kept")]);
    expect(await session.getItems()).toEqual([ITEMS[7], said("kept")]);
  });
});
