import OpenAI from "openai";
import { expect, test } from "vitest";
import { startTestServer } from "../../test/test-server.ts";
import { startWithSdk } from "./sdk.fixture.ts";

const model = "mirror";
const user = (content: string) => ({ role: "user" as const, content });

test("a conversation is created, read, updated and deleted", async () => {
  const { openai, server } = await startWithSdk();
  const created = await openai.conversations.create({ metadata: { topic: "names" }, items: [user("Hi")] });
  expect(created).toMatchObject({ object: "conversation", metadata: { topic: "names" } });
  expect(created.id).toMatch(/^conv_c[0-9a-f]{32}$/);
  const { id } = created;
  expect(await openai.conversations.retrieve(id)).toEqual(created);
  const updated = await openai.conversations.update(id, { metadata: { topic: "other" } });
  expect(updated).toEqual({ ...created, metadata: { topic: "other" } });
  expect(await openai.conversations.delete(id)).toEqual({
    id,
    object: "conversation.deleted",
    deleted: true,
  });
  await expect(openai.conversations.retrieve(id)).rejects.toMatchObject({
    status: 404,
    code: "conversation_not_found",
    message: expect.stringContaining(id),
  });
  expect(await server.sessionKeys()).toEqual([]);
});

test("a conversation remembers, and its responses' items appear once, with the ids that they had", async () => {
  const { openai } = await startWithSdk();
  const conversation = await openai.conversations.create();
  const first = await openai.responses.create({ model, input: "one", conversation: conversation.id });
  expect(first.conversation).toEqual({ id: conversation.id });
  const second = await openai.responses.create({
    model,
    input: "two",
    conversation: { id: conversation.id },
  });
  expect(second.output_text).toContain('"one"');
  const { data } = await openai.conversations.items.list(conversation.id, { order: "asc" });
  expect(data.map((item) => "role" in item && item.role)).toEqual(["user", "assistant", "user", "assistant"]);
  expect(data[1]).toEqual(first.output[0]);
  expect(data[3]).toEqual(second.output[0]);
  for (const item of data) {
    expect(
      await openai.conversations.items.retrieve(item.id ?? "", { conversation_id: conversation.id }),
    ).toEqual(item);
  }
});

test("items are added, paged to the end in both orders, and deleted", async () => {
  const { openai } = await startWithSdk();
  const { id } = await openai.conversations.create();
  const texts = Array.from({ length: 45 }, (_, n) => `item ${n}`);
  const added = await openai.conversations.items.create(id, { items: texts.map(user) });
  expect(added.data).toHaveLength(45);
  const textsOf = async (order: "asc" | "desc") => {
    const found: string[] = [];
    for await (const item of openai.conversations.items.list(id, { order, limit: 7 })) {
      if (item.type === "message" && item.content[0]?.type === "input_text") found.push(item.content[0].text);
    }
    return found;
  };
  expect(await textsOf("asc")).toEqual(texts);
  expect(await textsOf("desc")).toEqual(texts.toReversed());
  const ids = added.data.map((item) => item.id ?? "");
  // The last ones, as the SDKs' sessions do, and some from the middle.
  for (const n of [44, 43, 20, 21, 22, 23, 24, 25, 26, 27, 28]) {
    await openai.conversations.items.delete(ids[n] ?? "", { conversation_id: id });
  }
  const left = texts.filter((_, n) => n < 20 || (n > 28 && n < 43));
  expect(await textsOf("asc")).toEqual(left);
  expect(await textsOf("desc")).toEqual(left.toReversed());
  await expect(
    openai.conversations.items.retrieve(ids[44] ?? "", { conversation_id: id }),
  ).rejects.toMatchObject({ status: 404 });
  await expect(openai.conversations.items.list(id, { after: "msg_nothing" })).rejects.toMatchObject({
    status: 400,
    param: "after",
  });
});

test("a long item is listed also after the last one was deleted", async () => {
  const { openai } = await startWithSdk();
  const { id } = await openai.conversations.create();
  const { data } = await openai.conversations.items.create(id, {
    items: [user("long ".repeat(2_000)), user("short")],
  });
  await openai.conversations.items.delete(data[1]?.id ?? "", { conversation_id: id });
  for (const order of ["asc", "desc"] as const) {
    expect((await openai.conversations.items.list(id, { order })).data).toEqual([data[0]]);
  }
});

test("items keep what this server does not know", async () => {
  const { openai } = await startWithSdk();
  const items = [
    {
      type: "message",
      role: "assistant",
      phase: "commentary",
      content: [{ type: "output_text", text: "Hm." }],
    },
    { type: "function_call", call_id: "call_1", name: "now", arguments: "{}" },
    { type: "function_call_output", call_id: "call_1", output: [{ type: "input_text", text: "12:00" }] },
    { type: "reasoning", summary: [{ type: "summary_text", text: "So." }], encrypted_content: "abc" },
    { type: "web_search_call", action: { type: "search", query: "x" }, status: "completed" },
  ];
  const { id } = await openai.conversations.create({ items: items as never });
  const { data } = await openai.conversations.items.list(id, { order: "asc" });
  expect(data).toMatchObject(items);
});

test("two responses in one conversation run one after the other, and none is lost", async () => {
  const { openai, server } = await startWithSdk({ mirrorDelayMs: 5 });
  const elsewhere = await startTestServer({ name: server.name, mirrorDelayMs: 5 });
  const other = new OpenAI({ apiKey: "x", baseURL: `${await elsewhere.listen()}/v1`, maxRetries: 2 });
  const conversation = await openai.conversations.create();
  const inputs = ["a", "b", "c", "d"];
  await Promise.all(
    inputs.map((input, n) =>
      (n % 2 ? openai : other).responses.create({ model, input, conversation: conversation.id }),
    ),
  );
  const { data } = await openai.conversations.items.list(conversation.id, { order: "asc" });
  expect(data.map((item) => "role" in item && item.role)).toEqual(
    inputs.flatMap(() => ["user", "assistant"]),
  );
});

test("a response of a conversation is continued in a branch, and the conversation stays as it is", async () => {
  const { openai } = await startWithSdk();
  const conversation = await openai.conversations.create();
  const first = await openai.responses.create({ model, input: "one", conversation: conversation.id });
  await openai.responses.create({ model, input: "two", conversation: conversation.id });
  const branch = await openai.responses.create({ model, input: "three", previous_response_id: first.id });
  expect(branch.output_text).toMatch(/^I was sent 3 messages.*"one"\.$/);
  expect((await openai.conversations.items.list(conversation.id)).data).toHaveLength(4);
  await expect(
    openai.responses.create({
      model,
      input: "x",
      conversation: conversation.id,
      previous_response_id: first.id,
    }),
  ).rejects.toMatchObject({ status: 400, param: "previous_response_id" });
});

test("a conversation of the page goes on here, and one of this API there", async () => {
  const { openai, server } = await startWithSdk();
  const asked = { message: "I am Bob", mode: "stateful", provider: "mirror", session_id: "Überall 1" };
  await server.inject("POST", "/chat", asked);
  const hex = Buffer.from(asked.session_id).toString("hex");
  const response = await openai.responses.create({ model, input: "Who?", conversation: `conv_x${hex}` });
  expect(response.output_text).toContain('"I am Bob"');
  const next = await server.inject("POST", "/chat", { ...asked, message: "And?" });
  expect(next.json().response).toContain('"I am Bob" and "Who?"');
});

test("an item of the native API is shown whatever JSON its parts are", async () => {
  const { server } = await startWithSdk();
  const text = { type: "input_text", text: "y" };
  const items = [
    { role: "user", content: "x", parts: [null, "a", 1, [1], text] },
    { role: "assistant", content: "x", parts: null },
    { type: "function_call_output", content: "x", tool_call_id: "call_1", parts: [null, text] },
    { type: "reasoning", content: "x", parts: { content: [null] } },
    { type: "message.other", content: "x", parts: { content: [null, "a"] } },
  ];
  await server.inject("POST", "/sessions/import?session_id=s", { messages: items });
  const path = `/v1/conversations/conv_x${Buffer.from("s").toString("hex")}/items`;
  const query = "order=asc&include[]=message.input_image.image_url";
  const listed = await server.inject("GET", `${path}?${query}`);
  expect(listed.json().data).toMatchObject([
    { content: [text] },
    { content: [{ type: "output_text", text: "x" }] },
    { output: [text] },
    { type: "reasoning" },
    { type: "message.other", content: [null, "a"] },
  ]);
  const input = listed.json().data.map(({ id }: { id: string }) => ({ type: "item_reference", id }));
  for (const [url, body] of [
    ["/v1/responses", { model: "mirror", input: [...input, { role: "user", content: "Hi" }] }],
    ["/v1/responses/compact", { model: "mirror", input: "Hi", conversation: path.split("/")[3] }],
  ] as const) {
    expect((await server.inject("POST", url, body)).statusCode).toBe(200);
  }
});

test("an unknown conversation is refused before anything is stored", async () => {
  const { openai, server } = await startWithSdk();
  for (const conversation of [`conv_c${"0".repeat(32)}`, "conv_1", "x", `conv_x${"00".repeat(8)}`]) {
    await expect(openai.responses.create({ model, input: "x", conversation })).rejects.toMatchObject({
      status: 404,
      code: "conversation_not_found",
    });
    await expect(openai.conversations.items.list(conversation)).rejects.toMatchObject({ status: 404 });
  }
  expect(await server.keys()).toEqual([]);
});

test("images of a new conversation and of added items are stored outside the list", async () => {
  const { openai, server } = await startWithSdk();
  const png =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==";
  const seen = (data: string) => ({
    role: "user" as const,
    content: [
      { type: "input_image" as const, detail: "auto" as const, image_url: `data:image/png;base64,${data}` },
    ],
  });
  const { id } = await openai.conversations.create({ items: [seen(png)] });
  const added = await openai.conversations.items.create(id, { items: [seen(png)] });
  expect(added.data).toMatchObject([{ content: [{ type: "input_image", file_id: expect.any(String) }] }]);
  const list = (await server.keys()).find((key) => key.endsWith(":messages")) ?? "";
  expect(JSON.stringify(await server.command("LRANGE", list, "0", "-1"))).not.toContain(png);
  const include = ["message.input_image.image_url" as const];
  const { data } = await openai.conversations.items.list(id, { include });
  expect(data.filter((item) => JSON.stringify(item).includes(png))).toHaveLength(2);
  const keys = await server.keys();
  await expect(openai.conversations.create({ items: [seen(png), seen("bm8=")] })).rejects.toMatchObject({
    status: 400,
  });
  expect(await server.keys()).toEqual(keys);
});
