import { expect, test } from "vitest";
import { startTestServer } from "../../../test/test-server.ts";

/** 1 × 1 pixel. */
const PNG =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
const image = { type: "image", data: PNG, name: "dot.png" };
const asking = { message: "What is this?", mode: "stateful", provider: "chatgpt", session_id: "s" };

test("an image is stored once, shown to its owner only, and sent to a model that sees", async () => {
  const server = await startTestServer();
  const first = await server.inject("POST", "/chat", { ...asking, attachments: [image] });
  expect(first.json()).toMatchObject({ status: "completed", message_count: 2 });
  const sent = {
    role: "user",
    content: [
      { type: "input_text", text: "What is this?" },
      { type: "input_image", image_url: `data:image/png;base64,${PNG}` },
    ],
  };
  expect(server.openai.lastTurn.body).toMatchObject({ input: [sent] });

  await server.inject("POST", "/chat", { ...asking, message: "And this?", attachments: [image] });
  expect(server.openai.lastTurn.body).toMatchObject({
    input: [sent, { role: "assistant" }, { role: "user" }],
  });
  const { items } = (await server.inject("GET", "/sessions/s/items")).json();
  const [question, answer, again] = items;
  expect(question).toMatchObject({ type: "message", role: "user", content: "What is this?" });
  expect(answer).toMatchObject({ type: "message", role: "assistant" });
  const [, part] = question.parts;
  expect(part).toMatchObject({ type: "input_image", media_type: "image/png", width: 1, height: 1 });
  expect(again.parts[1].blob).toBe(part.blob);
  const [session] = (await server.inject("GET", "/sessions")).json().sessions;
  expect(session).toMatchObject({ id: "s", title: "What is this?" });

  const blob = await server.inject("GET", `/sessions/s/blobs/${part.blob}`);
  expect(blob.rawPayload.toString("base64")).toBe(PNG);
  expect(blob.headers).toMatchObject({
    "content-type": "image/png",
    "content-disposition": "inline",
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; sandbox",
  });
  for (const path of [`/sessions/other/blobs/${part.blob}`, "/sessions/s/blobs/sha256-x"]) {
    expect((await server.inject("GET", path)).statusCode).toBe(404);
  }
});

test("the report shows an image by its place and its tokens, not its data", async () => {
  const server = await startTestServer();
  const body = { ...asking, attachments: [image] };
  const preview = (await server.inject("POST", "/context-preview", body)).json();
  expect(preview.messages.at(-1).images).toEqual([{ url: null, tokens: 1, width: 1, height: 1 }]);
  const { turn_id } = (await server.inject("POST", "/chat", body)).json();
  const { report } = (await server.inject("GET", `/sessions/s/turns/${turn_id}`)).json();
  const [shown] = report.messages.at(-1).images;
  expect(shown).toMatchObject({ url: expect.stringMatching(/^blob:sha256-/), tokens: 1, width: 1 });
  expect(report.intact).toBe(true);
  expect(JSON.stringify(report)).not.toContain(PNG);
});

test("a text file is part of the message", async () => {
  const server = await startTestServer();
  const attachments = [{ type: "text", name: "notes.txt", text: "Zoe lives in Oslo." }];
  await server.inject("POST", "/chat", { ...asking, attachments });
  expect(server.openai.lastTurn.body).toMatchObject({
    input: [{ role: "user", content: "What is this?\n\nFile notes.txt:\nZoe lives in Oslo." }],
  });
  const { items } = (await server.inject("GET", "/sessions/s/items")).json();
  expect(items[0].parts[1]).toEqual({
    type: "input_text",
    text: "File notes.txt:\nZoe lives in Oslo.",
    filename: "notes.txt",
  });
});

test("what cannot be sent is refused before anything is stored", async () => {
  const server = await startTestServer({ env: { MAX_IMAGE_BYTES: "100" } });
  const blind = await server.inject("POST", "/chat", { ...asking, provider: "ollama", attachments: [image] });
  expect(blind.json()).toMatchObject({ status: 400, code: "invalid_request" });
  expect(blind.json().detail).toContain("llama3.2:3b does not see");
  const noImage = { type: "image", data: Buffer.from("<svg>".repeat(10)).toString("base64") };
  const svg = await server.inject("POST", "/chat", { ...asking, attachments: [noImage] });
  expect(svg.json()).toMatchObject({ status: 400, errors: [{ field: "attachments" }] });
  const data = Buffer.concat([Buffer.from(PNG, "base64"), Buffer.alloc(100)]).toString("base64");
  const large = await server.inject("POST", "/chat", { ...asking, attachments: [{ ...image, data }] });
  expect(large.json()).toMatchObject({ status: 413, code: "body_too_large" });
  expect(large.json().detail).toContain("100 bytes");
  expect(await server.keys()).toEqual([]);
});

test("an earlier image that another model does not see is replaced by a note, which the report lists", async () => {
  const server = await startTestServer();
  await server.inject("POST", "/chat", { ...asking, attachments: [image] });
  const body = { ...asking, provider: "ollama", message: "And now?" };
  const { turn_id } = (await server.inject("POST", "/chat", body)).json();
  expect(JSON.stringify(server.ollama.lastTurn.body)).toContain("An image was here");
  const { report } = (await server.inject("GET", `/sessions/s/turns/${turn_id}`)).json();
  expect(report.normalized).toEqual([{ change: "images_left_out", messages: 1 }]);
  expect(report.intact).toBe(true);
});
