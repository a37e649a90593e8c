import { expect, onTestFinished, test } from "vitest";
import { startLimited } from "../../test/limited-server.ts";
import { startOtlpReceiver } from "../../test/otlp-receiver.ts";
import { startTestServer } from "../../test/test-server.ts";

const ASK = { model: "mirror", input: "the words that no log has" };
const ASK_MESSAGES = [{ role: "user", content: "Hi" }];
const JSON_OBJECT = { type: "json_object" };
/** Longer than the Mirror's window of 8192 tokens. */
const LONG = "word ".repeat(20_000);
const LONG_MESSAGES = [{ role: "user", content: LONG }];
const NO_IMAGE = "data:image/png;base64,bm8gaW1hZ2U=";
/** An item that is sent twice is taken once. */
const REPEATED = [
  { id: "msg_1", role: "user", content: "Hi" },
  { id: "msg_1", role: "user", content: "Hi" },
];
const errorOf = (answer: { json(): unknown }) => (answer.json() as { error: object }).error;

test("every endpoint is in the API's description, with its body, its answer and its errors", async () => {
  const server = await startTestServer();
  const { paths } = (await server.inject("GET", "/openapi.json")).json();
  const described = Object.entries(paths as Record<string, Record<string, Operation>>)
    .filter(([path]) => path.startsWith("/v1/"))
    .flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
    );
  expect(described.map(({ path, method }) => `${method} ${path}`).sort()).toEqual(
    [
      "delete /v1/chat/completions/{completion_id}",
      "delete /v1/conversations/{conversation_id}",
      "delete /v1/conversations/{conversation_id}/items/{item_id}",
      "delete /v1/responses/{response_id}",
      "get /v1/chat/completions",
      "get /v1/chat/completions/{completion_id}",
      "get /v1/chat/completions/{completion_id}/messages",
      "get /v1/conversations/{conversation_id}",
      "get /v1/conversations/{conversation_id}/items",
      "get /v1/conversations/{conversation_id}/items/{item_id}",
      "get /v1/models",
      "get /v1/models/{*}",
      "get /v1/responses/{response_id}",
      "get /v1/responses/{response_id}/input_items",
      "post /v1/chat/completions",
      "post /v1/chat/completions/{completion_id}",
      "post /v1/conversations",
      "post /v1/conversations/{conversation_id}",
      "post /v1/conversations/{conversation_id}/items",
      "post /v1/embeddings",
      "post /v1/responses",
      "post /v1/responses/compact",
      "post /v1/responses/input_tokens",
      "post /v1/responses/{response_id}/cancel",
    ].sort(),
  );
  for (const { path, method, operation } of described) {
    expect(operation.tags, path).toEqual(["openai"]);
    expect(Object.keys(operation.responses), path).toEqual(
      expect.arrayContaining(["200", "400", "404", "429"]),
    );
    if (method === "post" && !path.endsWith("/cancel")) expect(operation.requestBody, path).toBeDefined();
  }
});

interface Operation {
  readonly tags: readonly string[];
  readonly responses: Record<string, object>;
  readonly requestBody?: object;
}

test("names and pages of other machines are refused in OpenAI's form, and logged", async () => {
  const server = await startTestServer();
  for (const [headers, event] of [
    [{ host: "evil.example" }, "foreign_host"],
    [{ origin: "https://evil.example" }, "foreign_origin"],
  ] as const) {
    const refused = await server.inject("POST", "/v1/responses", ASK, headers);
    expect(refused.statusCode).toBe(403);
    expect(errorOf(refused)).toMatchObject({ type: "permission_error" });
    expect(refused.headers["access-control-allow-origin"]).toBeUndefined();
    expect(server.lines.join()).toContain(`"event":"${event}"`);
  }
  const origin = "http://localhost:5173";
  const taken = await server.inject("POST", "/v1/responses", ASK, { origin });
  expect(taken.statusCode).toBe(200);
  expect(taken.headers["access-control-allow-origin"]).toBe(origin);
  expect(server.lines.join()).not.toContain("the words that no log has");
});

test.each([
  ["/v1/responses", { input: [{ role: "tool", content: "1" }] }, "input.0.role", /must be user, assistant/],
  ["/v1/responses", { input: ["Hi", null] }, "input.0", /must be an object/],
  [
    "/v1/chat/completions",
    { messages: [{ role: "user", content: [{ text: "Hi" }] }] },
    "messages.0.content.0.type",
    /string/,
  ],
  [
    "/v1/chat/completions",
    { messages: [{ role: "user", content: 7 }] },
    "messages.0.content",
    /a string or a list/,
  ],
  ["/v1/chat/completions", { messages: ASK_MESSAGES, functions: [{ name: "f" }] }, "functions", /send tools/],
  ["/v1/chat/completions", { messages: ASK_MESSAGES, stop: ["END"] }, "stop", /Mirror/],
  [
    "/v1/chat/completions",
    { messages: ASK_MESSAGES, response_format: JSON_OBJECT },
    "response_format",
    /^response_format: .*Mirror/,
  ],
  [
    "/v1/chat/completions",
    { messages: ASK_MESSAGES, response_format: { type: "xml" } },
    "response_format.type",
    /^response_format.type must be/,
  ],
  [
    "/v1/chat/completions",
    { messages: ASK_MESSAGES, response_format: { type: "json_schema", json_schema: { schema: {} } } },
    "response_format.json_schema.name",
    /^response_format.json_schema.name must be/,
  ],
  [
    "/v1/chat/completions",
    { messages: ASK_MESSAGES, response_format: { type: "json_schema", json_schema: { name: "x" } } },
    "response_format.json_schema.schema",
    /^response_format.json_schema.schema must be/,
  ],
  [
    "/v1/chat/completions",
    { messages: ASK_MESSAGES, tools: [{ type: "function", function: { parameters: {} } }] },
    "tools[0].function.name",
    /^tools\[0\].function.name must be/,
  ],
  ["/v1/chat/completions", { messages: LONG_MESSAGES }, "messages", /Shorten them\.$/],
  [
    "/v1/chat/completions",
    { messages: [{ role: "user", content: [{ type: "image_url", image_url: NO_IMAGE }] }], store: true },
    "messages",
    /must be a PNG/,
  ],
  ["/v1/responses", { input: "Hi", text: { format: JSON_OBJECT } }, "text.format", /^text.format: .*Mirror/],
  ["/v1/responses", { input: "Hi", text: { format: { type: "xml" } } }, "text.format.type", /must be text/],
  ["/v1/responses", { input: "Hi", tools: [{ type: "function" }] }, "tools[0].name", /must be a string/],
  ["/v1/responses", { input: LONG }, "input", /Shorten them\.$/],
  [
    "/v1/responses",
    { input: LONG, context_management: [{ type: "compaction", compact_threshold: 1000 }] },
    "context_management",
    /Shorten them, or raise context_management\.$/,
  ],
  [
    "/v1/responses",
    { input: [{ role: "user", content: [{ type: "input_image", image_url: NO_IMAGE }] }] },
    "input",
    /must be a PNG/,
  ],
  ["/v1/responses", { input: [...REPEATED, { type: "message" }] }, "input[2].role", /must be user/],
  ["/v1/conversations", { items: [...REPEATED, { type: "message" }] }, "items[2].role", /must be user/],
  [
    "/v1/conversations",
    { items: [{ role: "user", content: [{ type: "input_image", image_url: NO_IMAGE }] }] },
    "items",
    /must be a PNG/,
  ],
])("a wrong field of %s (%j) is named: %s", async (path, body, param, message) => {
  const server = await startTestServer();
  const refused = await server.inject("POST", path, { model: "mirror", ...body });
  expect(refused.statusCode).toBe(400);
  expect(errorOf(refused)).toMatchObject({ param, message: expect.stringMatching(message) });
});

test.each(["/models", "/v1/v1/models", "/api/v1/responses/resp_1", "/openai/v1/conversations/conv_1/items"])(
  "a client with another base URL, which asks for %s, is told the right one",
  async (path) => {
    const server = await startTestServer();
    const answer = await server.inject("GET", path);
    expect(answer.statusCode).toBe(404);
    expect(answer.body).toContain("is below /v1");
  },
);

test("a path of the API that is only another method's has an error too", async () => {
  const server = await startTestServer();
  for (const [method, path] of [
    ["GET", "/v1/responses"],
    ["DELETE", "/v1/embeddings"],
  ] as const) {
    const answer = await server.inject(method, path);
    expect(answer.statusCode).toBe(404);
    expect(errorOf(answer)).toMatchObject({
      message: expect.stringMatching(/^There is no/),
      code: "not_found",
    });
  }
});

test("requests, stored bytes and tokens count as those of the page, and refusals say when to try again", async () => {
  const { as, server } = await startLimited({
    LIMIT_REQUESTS_PER_MINUTE: "8",
    LIMIT_STORED_BYTES: "20000",
  });
  const alice = await as("alice");
  const big = { model: "mirror", input: "x".repeat(15_000) };
  expect((await alice.post("/v1/responses", big)).statusCode).toBe(200);
  for (const [path, body] of [
    ["/v1/responses", big],
    ["/v1/conversations", { items: [{ role: "user", content: "x".repeat(15_000) }] }],
    [
      "/v1/chat/completions",
      { model: "mirror", store: true, messages: [{ role: "user", content: big.input }] },
    ],
  ] as const) {
    const refused = await alice.post(path, body);
    expect(errorOf(refused), path).toMatchObject({ code: "storage_limit_reached" });
  }
  expect((await alice.post("/v1/responses", { ...big, store: false })).statusCode).toBe(200);
  for (let n = 0; n < 3; n++) await alice.get("/v1/models");
  const refused = await alice.get("/v1/models");
  expect(refused.statusCode).toBe(429);
  expect(errorOf(refused)).toMatchObject({ code: "rate_limit_exceeded", type: "rate_limit_error" });
  expect(Number(refused.headers["retry-after"])).toBeGreaterThan(0);
  expect(refused.headers["x-should-retry"]).toBe("true");
  expect(server.lines.join()).toContain('"event":"limit_reached","policy":"requests"');
});

test("a wrong key is a security event, and never in the log", async () => {
  const server = await startTestServer({ env: { AUTH: "keys" } });
  const key = "sk-a-secret-of-somewhere-else";
  const refused = await server.inject("POST", "/v1/responses", ASK, { authorization: `Bearer ${key}` });
  expect(refused.statusCode).toBe(401);
  expect(errorOf(refused)).toMatchObject({
    code: "invalid_api_key",
    message: expect.stringMatching(/^The bearer token .*rmm_/),
  });
  expect((await server.inject("POST", "/v1/responses", ASK)).body).not.toContain("The bearer token");
  expect(server.lines.join()).toMatch(/"event":"\w+/);
  expect(server.lines.join()).not.toContain(key);
});

test("a response is counted in the metrics and is a span of its caller's trace", async () => {
  const collector = await startOtlpReceiver();
  onTestFinished(() => collector.close());
  const server = await startTestServer({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url } });
  const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  const { statusCode } = await server.inject("POST", "/v1/responses", ASK, { traceparent });
  expect(statusCode).toBe(200);
  const { body } = await server.inject("GET", "/metrics");
  expect(body).toMatch(/rmm_turns_total\{[^}]*provider="mirror"[^}]*\} 1/);
  await expect.poll(() => collector.spans.length).toBe(3);
  const turn = collector.spans.find(({ kind }) => kind === 3);
  expect(turn).toMatchObject({ traceId: "0af7651916cd43dd8448eb211c80319c", parentId: "b7ad6b7169203331" });
});
