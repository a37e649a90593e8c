import fc from "fast-check";
import { expect, test } from "vitest";
import { startTestServer, type TestServer } from "../../../test/test-server.ts";

/** 1 × 1 pixel. */
const PNG =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
const image = { type: "input_image", image_url: `data:image/png;base64,${PNG}` };
const created_at = "2026-01-01T12:00:00.000Z";

const exportOf = async (server: TestServer, id: string) =>
  (await server.inject("GET", `/sessions/${id}/export`)).json();
const restore = (server: TestServer, id: string, body: unknown) =>
  server.inject("POST", `/sessions/import?session_id=${id}`, body);

const text = fc.string({ unit: "grapheme", maxLength: 40 });
const parts = fc.option(
  fc.array(
    fc.oneof(
      fc.record({ type: fc.constant("input_text"), text }),
      fc.constant(image),
      fc.record({ type: fc.constant("audio"), any: fc.json({ maxDepth: 2 }) }),
    ),
    { minLength: 1, maxLength: 3 },
  ),
  { nil: undefined },
);
const callId = fc.constantFrom("call_1", "call_2");
const anyItem = fc.oneof(
  fc.record({
    role: fc.constantFrom("system", "developer", "user", "assistant", "tool"),
    content: text,
    parts,
  }),
  fc.record({
    type: fc.constant("reasoning"),
    content: text,
    parts: fc.constant({ encrypted_content: "x" }),
  }),
  fc
    .record({ id: callId, name: fc.constant("look"), arguments: text })
    .map((call) => ({ type: "function_call", content: call.arguments, tool_calls: [call] })),
  fc.record({ type: fc.constant("function_call_output"), tool_call_id: callId, content: text, parts }),
  fc.record({ type: fc.constantFrom("web_search_call", "vendor:thing"), content: text }),
);

test("any items come out of an import, an export and a fork as they went in", async () => {
  const server = await startTestServer();
  let n = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(anyItem, { minLength: 1, maxLength: 8 }), async (items) => {
      const id = `s${n++}`;
      const messages = items.map((item) => JSON.parse(JSON.stringify({ ...item, created_at })));
      expect((await restore(server, id, { messages })).statusCode).toBe(201);
      const first = await exportOf(server, id);
      const withoutIds = first.messages.map(({ id: _, ...item }: { id: string }) => item);
      const [blob] = first.blobs;
      const stored = blob && {
        type: "input_image",
        blob: blob.id,
        media_type: "image/png",
        width: 1,
        height: 1,
      };
      const expected = JSON.parse(
        JSON.stringify(messages).replaceAll(JSON.stringify(image), JSON.stringify(stored)),
      );
      expect(withoutIds).toEqual(expected);
      if (blob) expect(blob).toEqual({ id: blob.id, media_type: "image/png", data: PNG });

      expect((await restore(server, `${id}-again`, first)).statusCode).toBe(201);
      expect(await exportOf(server, `${id}-again`)).toMatchObject({
        messages: first.messages,
        blobs: first.blobs,
      });
      await server.inject("POST", `/sessions/${id}/fork`, { session_id: `${id}-fork` });
      const fork = await exportOf(server, `${id}-fork`);
      const ids = (all: { id: string }[]) => all.map(({ id: _, ...item }) => item);
      expect(ids(fork.messages)).toEqual(ids(first.messages));
      expect(fork.blobs).toEqual(first.blobs);
    }),
    { numRuns: 25 },
  );
});

test("turns with reasoning, tool calls and images survive an export and an import", async () => {
  const server = await startTestServer();
  const asking = { message: "Weather?", mode: "stateful", provider: "chatgpt", session_id: "s" };
  const attachments = [{ type: "image", data: PNG }];
  await server.inject("POST", "/chat", { ...asking, model: "fake-tools", attachments });
  server.openai.scenario = { reasoning: ["Hm."], pieces: ["a", "b"], cutAfter: 1 };
  const { turn_id } = (await server.inject("POST", "/chat", { ...asking, model: "gpt-5-mini" })).json();
  server.openai.scenario = { pieces: ["Done."] };
  await server.inject("POST", "/chat", {
    ...asking,
    message: undefined,
    model: "gpt-5-mini",
    retry_of: turn_id,
  });
  const first = await exportOf(server, "s");
  const kinds = first.messages.map(
    (item: { type?: string; role?: string } | null) => item && (item.type ?? item.role),
  );
  // What a retry has replaced is not there any more.
  expect(kinds.filter(Boolean)).toEqual([
    ...["user", "reasoning", "assistant", "function_call", "function_call"],
    ...["user", "assistant"],
  ]);
  expect(first.turns[0]).toMatchObject({ user_place: 0, answer_place: 1, output_count: 4 });
  expect(first.turns[1].replaced_output).toMatchObject([
    { type: "reasoning", content: "Hm." },
    { type: "message", role: "assistant", content: "a" },
  ]);
  expect((await restore(server, "again", first)).statusCode).toBe(201);
  const { session: _, ...again } = await exportOf(server, "again");
  const { session: __, ...before } = first;
  expect(again).toEqual(before);

  const markdown = (await server.inject("GET", "/sessions/s/export?format=markdown")).body;
  for (const shown of ["(an image)", "## Reasoning", "## Tool call", 'weather({"city":"Rome"})'])
    expect(markdown).toContain(shown);
});

test("a file of another chat becomes a session for each conversation, with a report", async () => {
  const server = await startTestServer();
  const conversation = (title: string) => ({
    title,
    mapping: {
      u: { parent: null, message: { author: { role: "user" }, content: { parts: ["Hi", { asset: 1 }] } } },
    },
    current_node: "u",
  });
  const answer = await restore(server, "first", [conversation("One"), conversation("Two"), { mapping: {} }]);
  expect(answer.statusCode).toBe(201);
  expect(answer.json()).toMatchObject({
    id: "first",
    title: "One",
    report: {
      sessions: [
        { id: "first", title: "One", message_count: 1 },
        { title: "Two", message_count: 1 },
      ],
      left_out: [
        { what: "images and files", count: 2 },
        { what: "conversations that are empty, or too many", count: 1 },
      ],
    },
  });
  expect((await restore(server, "first", [conversation("Three"), conversation("Four")])).statusCode).toBe(
    409,
  );
  expect((await server.inject("GET", "/sessions")).json().sessions).toHaveLength(2);
  const nothing = await server.inject("POST", "/sessions/import", [{ mapping: {} }]);
  expect(nothing.json()).toMatchObject({ status: 400, errors: [{ field: "body" }] });
});

test("blobs of an import must be what they say", async () => {
  const server = await startTestServer();
  const blobs = [{ id: `sha256-${"a".repeat(43)}`, media_type: "image/png", data: PNG }];
  const answer = await server.inject("POST", "/sessions/import", { messages: [], blobs });
  expect(answer.json()).toMatchObject({ status: 400, errors: [{ field: "blobs.0.id" }] });
});
