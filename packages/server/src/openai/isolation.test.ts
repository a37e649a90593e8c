import fc from "fast-check";
import { expect, test } from "vitest";
import { watchCommands } from "../../test/watch-commands.ts";
import { startWithSdk } from "./sdk.fixture.ts";

const model = "mirror";

test("another owner's ids are answered exactly as unknown ids", async () => {
  const { server, client } = await startWithSdk({ env: { AUTH: "keys" } });
  const keyOf = async (owner: string) => (await server.apiKeys.create({ owner })).key;
  const [aliceKey, bobKey] = [await keyOf("alice"), await keyOf("bob")];
  const alice = client(aliceKey);
  const conversation = await alice.conversations.create({ items: [{ role: "user", content: "secret" }] });
  const response = await alice.responses.create({ model, input: "secret" });
  const item = response.output[0]?.id ?? "";
  const completion = await alice.chat.completions.create({
    ...{ model, store: true, messages: [{ role: "user", content: "secret" }] },
  });
  const requests = (r: string, c: string, i: string, k: string) =>
    [
      ["GET", `/v1/chat/completions/${k}`],
      ["POST", `/v1/chat/completions/${k}`, { metadata: {} }],
      ["GET", `/v1/chat/completions/${k}/messages`],
      ["DELETE", `/v1/chat/completions/${k}`],
      ["GET", `/v1/responses/${r}`],
      ["GET", `/v1/responses/${r}?stream=true`],
      ["GET", `/v1/responses/${r}/input_items`],
      ["POST", `/v1/responses/${r}/cancel`],
      ["DELETE", `/v1/responses/${r}`],
      ["POST", "/v1/responses", { model, input: "x", previous_response_id: r }],
      ["POST", "/v1/responses", { model, input: "x", previous_response_id: r, store: false }],
      ["POST", "/v1/responses/input_tokens", { model, input: "x", previous_response_id: r }],
      ["POST", "/v1/responses", { model, input: [{ type: "item_reference", id: i }] }],
      ["POST", "/v1/responses", { model, input: "x", conversation: c }],
      ["GET", `/v1/conversations/${c}`],
      ["POST", `/v1/conversations/${c}`, { metadata: { a: "b" } }],
      ["DELETE", `/v1/conversations/${c}`],
      ["GET", `/v1/conversations/${c}/items`],
      ["POST", `/v1/conversations/${c}/items`, { items: [{ role: "user", content: "x" }] }],
      ["GET", `/v1/conversations/${c}/items/${i}`],
      ["DELETE", `/v1/conversations/${c}/items/${i}`],
    ] as const;
  const bob = { authorization: `Bearer ${bobKey}` };
  // The first letter behind the prefix can be the kind of the session.
  const unknown = (id: string) => id.replace(/(?<=^[a-z]+[_-].)[0-9a-f]{8}/, "00000000");
  const theirs = requests(response.id, conversation.id, item, completion.id);
  const nowhere = requests(
    ...([response.id, conversation.id, item, completion.id].map(unknown) as [string, string, string, string]),
  );
  const commandsOf = await watchCommands(server);
  for (const [n, [method, path, body]] of theirs.entries()) {
    const [, otherPath = "", otherBody] = nowhere[n] ?? [];
    // The first run of a script loads it.
    await server.inject(method, otherPath, otherBody, bob);
    const [answer, commands] = await commandsOf(() => server.inject(method, path, body, bob));
    const [other, otherCommands] = await commandsOf(() => server.inject(method, otherPath, otherBody, bob));
    expect(answer.statusCode, path).toBeGreaterThanOrEqual(400);
    expect(answer.statusCode, path).toBe(other.statusCode);
    const withoutIds = (text: string) => text.replace(/(resp_|conv_|msg_|chatcmpl-)[0-9a-z_-]+/g, "$1");
    expect(withoutIds(answer.body)).toBe(withoutIds(other.body));
    expect(answer.body).not.toContain("secret");
    expect(commands, path).not.toEqual([]);
    expect(commands, path).toEqual(otherCommands);
  }
  expect(await alice.responses.retrieve(response.id)).toEqual(response);
  expect((await alice.conversations.items.list(conversation.id)).data).toHaveLength(1);
});

test("without a key it is answered in OpenAI's form", async () => {
  const { server } = await startWithSdk({ env: { AUTH: "keys" } });
  for (const path of ["/v1/models", "/v1/responses/resp_1", "/v1/nothing"]) {
    const answer = await server.inject("GET", path);
    expect(answer.statusCode).toBe(401);
    expect(answer.json()).toMatchObject({ error: { code: "invalid_api_key", type: "authentication_error" } });
  }
});

const json = fc.jsonValue({ maxDepth: 3 });
const key = fc.constantFrom(
  ...[
    "input",
    "instructions",
    "conversation",
    "previous_response_id",
    "store",
    "stream",
    "background",
    "include",
  ],
  ...[
    "metadata",
    "tools",
    "tool_choice",
    "text",
    "reasoning",
    "temperature",
    "truncation",
    "max_output_tokens",
  ],
  ...["items", "session_id", "messages", "id"],
);
const itemValue = fc.record(
  {
    type: fc.constantFrom(
      "message",
      "function_call",
      "function_call_output",
      "reasoning",
      "item_reference",
      "x",
      "",
    ),
    role: fc.constantFrom("user", "assistant", "system", "developer", "tool"),
    content: fc.oneof(
      fc.string({ unit: "binary" }),
      fc.array(fc.oneof(json, fc.record({ type: fc.constant("input_text"), text: json }))),
    ),
    call_id: json,
    name: json,
    arguments: json,
    output: json,
    id: fc.oneof(
      fc.string(),
      fc.constantFrom("msg_x00_x00", `msg_${"0".repeat(32)}_x0000`, `fc_c${"a".repeat(32)}_1-1`),
    ),
    summary: json,
    encrypted_content: json,
  },
  { requiredKeys: [] },
);
const body = fc
  .tuple(fc.dictionary(key, json, { maxKeys: 5 }), fc.array(itemValue, { maxLength: 4 }))
  .map(([fields, input]) => ({ input, ...fields, model, stream: false, background: false }));

test("no body is answered with a 5xx, and every refusal says which field", async () => {
  const { server } = await startWithSdk();
  await fc.assert(
    fc.asyncProperty(
      body,
      fc.constantFrom(
        ...["/v1/responses", "/v1/responses/input_tokens", "/v1/conversations", "/v1/chat/completions"],
        ...["/v1/embeddings", "/v1/responses/compact"],
      ),
      async (value, path) => {
        const answer = await server.inject("POST", path, value);
        expect(answer.statusCode, answer.body).toBeLessThan(500);
        if (answer.statusCode === 400) {
          expect(Object.keys(answer.json().error)).toEqual(["message", "type", "param", "code"]);
        }
      },
    ),
    { numRuns: 200 },
  );
});

test("no id is answered with a 5xx", async () => {
  const { server } = await startWithSdk();
  const hex = fc.string({ unit: fc.constantFrom(..."0123456789abcdefxcs-_") });
  const id = fc
    .tuple(fc.constantFrom("resp_", "conv_", "msg_", "fc_", ""), fc.oneof(hex, fc.string({ minLength: 1 })))
    .map((parts) => encodeURIComponent(parts.join("").toWellFormed()))
    .filter((text) => text !== "" && text !== "." && text !== "..");
  await fc.assert(
    fc.asyncProperty(id, fc.constantFrom("responses", "conversations"), async (value, kind) => {
      for (const path of [
        `${value}`,
        `${value}/items`,
        `${value}/input_items?after=${value}`,
        `${value}/items/${value}`,
      ]) {
        const answer = await server.inject("GET", `/v1/${kind}/${path}`);
        expect(answer.statusCode, `${path}: ${answer.body}`).toBeGreaterThanOrEqual(400);
        expect(answer.statusCode, `${path}: ${answer.body}`).toBeLessThan(500);
      }
    }),
    { numRuns: 200 },
  );
});
