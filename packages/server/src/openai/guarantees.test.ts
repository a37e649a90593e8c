import { expect, onTestFinished, test } from "vitest";
import { RedisProcess } from "../../test/faults/redis-process.ts";
import { startTestServer } from "../../test/test-server.ts";
import { startWithSdk } from "./sdk.fixture.ts";

const model = "mirror";

test("all of a chain is renewed with each response, and one that has expired is not found", async () => {
  const { openai, server } = await startWithSdk({ env: { API_TTL_SECONDS: "7000" } });
  const first = await openai.responses.create({ model, input: "one" });
  const keys = (await server.keys()).filter((key) => key.includes("chain_"));
  expect(keys.length).toBeGreaterThan(2);
  const ttls = async () => {
    const found = await Promise.all(keys.map(async (key) => Number(await server.command("TTL", key))));
    return found.filter((ttl) => ttl !== -2);
  };
  for (const key of keys) await server.command("EXPIRE", key, "100");
  const second = await openai.responses.create({ model, input: "two", previous_response_id: first.id });
  for (const ttl of await ttls()) expect(ttl).toBeGreaterThan(6900);
  for (const key of await server.keys()) await server.command("DEL", key);
  for (const previous_response_id of [first.id, second.id]) {
    await expect(openai.responses.create({ model, input: "x", previous_response_id })).rejects.toMatchObject({
      status: 400,
      code: "previous_response_not_found",
    });
    await expect(openai.responses.retrieve(previous_response_id)).rejects.toMatchObject({ status: 404 });
  }
});

test("every end has a usage in integers: complete, cut, failed, cancelled", async () => {
  const { openai, server } = await startWithSdk();
  const local = "llama3.2:3b";
  const ids: string[] = [];
  const end = async (scenario: typeof server.ollama.scenario, expected: string, cancel = false) => {
    server.ollama.scenario = scenario;
    let last: object | undefined;
    for await (const event of await openai.responses.create({ model: local, input: "Hi", stream: true })) {
      if (event.type === "response.created") ids.push(event.response.id);
      if (event.type === "response.output_text.delta" && cancel) {
        await openai.responses.cancel(ids.at(-1) ?? "");
      }
      last = event;
    }
    const count = expect.any(Number);
    expect(last).toMatchObject({
      type: expected,
      response: {
        usage: {
          input_tokens: count,
          input_tokens_details: { cached_tokens: count, cache_write_tokens: count },
          output_tokens: count,
          output_tokens_details: { reasoning_tokens: count },
          total_tokens: count,
        },
      },
    });
  };
  await end({ pieces: ["Hello there"] }, "response.completed");
  await end({ pieces: ["Hello there"], finish: "length" }, "response.incomplete");
  await end({ pieces: ["one two ", "three"], errorAfter: 1 }, "response.failed");
  await end({ pieces: ["one two ", "three"], pausedAfter: 1 }, "response.failed", true);
  for (const id of ids)
    expect((await openai.responses.retrieve(id)).usage?.total_tokens).toEqual(expect.any(Number));
});

test("metadata has OpenAI's limits", async () => {
  const { openai } = await startWithSdk();
  const pairs = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, n) => [`k${n}`, "v"]));
  expect((await openai.responses.create({ model, input: "Hi", metadata: pairs(16) })).metadata).toEqual(
    pairs(16),
  );
  for (const metadata of [pairs(17), { ["k".repeat(65)]: "v" }, { k: "v".repeat(513) }, { k: 1 }]) {
    const refusal = { status: 400, param: expect.stringMatching(/^metadata/) };
    const wrong = { metadata } as never as { metadata: Record<string, string> };
    await expect(openai.responses.create({ model, input: "Hi", ...wrong })).rejects.toMatchObject(refusal);
    await expect(openai.conversations.create(wrong)).rejects.toMatchObject(refusal);
  }
});

test("while Redis is away, what would be stored is refused with the time to try again, and the rest is answered", async () => {
  const redis = await RedisProcess.start();
  onTestFinished(() => redis.stop());
  const server = await startTestServer({ env: { REDIS_URL: redis.url } });
  const parent = (await server.inject("POST", "/v1/responses", { model, input: "Hi" })).json().id;
  await redis.kill();
  for (const [method, path, body] of [
    ["POST", "/v1/responses", { model, input: "Hi" }],
    ["POST", "/v1/responses", { model, input: "Hi", previous_response_id: parent }],
    ["POST", "/v1/responses", { model, input: "Hi", stream: true }],
    ["POST", "/v1/conversations", {}],
    ["GET", `/v1/responses/${parent}`, undefined],
  ] as const) {
    const refused = await server.inject(method, path, body);
    expect(refused.statusCode, path).toBe(503);
    expect(Number(refused.headers["retry-after"]), path).toBeGreaterThan(0);
    expect(refused.json().error, path).toMatchObject({ code: "storage_unavailable", type: "server_error" });
  }
  const unstored = await server.inject("POST", "/v1/responses", { model, input: "Hi", store: false });
  expect(unstored.json()).toMatchObject({ status: "completed", store: false });
});
