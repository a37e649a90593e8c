import { expect, test } from "vitest";
import { startTestServer } from "../../../test/test-server.ts";
import { NO_QUOTA } from "../../chat/caller.ts";
import { SessionStore } from "../../chat/session-store.ts";

type Server = Awaited<ReturnType<typeof startTestServer>>;

const user = (content: string) => ({ role: "user", content });

async function withSession(server: Server): Promise<void> {
  await server.inject("POST", "/sessions/s/messages", { messages: [user("x")] });
}
const read = async (server: Server) => (await server.inject("GET", "/sessions/s/settings")).json();
const change = (server: Server, body: object) => server.inject("PATCH", "/sessions/s/settings", body);

test("a session keeps its settings, field by field, and null removes one", async () => {
  const server = await startTestServer();
  await withSession(server);
  expect(await read(server)).toEqual({});
  const all = { mode: "stateful", provider: "mirror", model: "mirror", system: "", context_tokens: 160 };
  expect((await change(server, all)).json()).toEqual(all);
  expect((await change(server, { model: null, system: "Rhyme." })).json()).toEqual(await read(server));
  expect(await read(server)).toEqual({
    mode: "stateful",
    provider: "mirror",
    system: "Rhyme.",
    context_tokens: 160,
  });
});

test("changes that meet are all kept", async () => {
  const server = await startTestServer();
  await withSession(server);
  const answers = await Promise.all([
    change(server, { mode: "stateful" }),
    change(server, { system: "Rhyme." }),
    change(server, { context_tokens: 160 }),
  ]);
  expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 200, 200]);
  expect(await read(server)).toEqual({ mode: "stateful", system: "Rhyme.", context_tokens: 160 });
});

test("metadata of another program is not changed", async () => {
  const server = await startTestServer();
  await withSession(server);
  const sessions = new SessionStore({ client: server.redis.client, name: server.name, owner: "local" });
  await sessions.setMetadata("s", { topic: "Names", settings: "not ours" }, 0, NO_QUOTA);
  expect(await read(server)).toEqual({});
  await change(server, { mode: "stateful" });
  expect((await sessions.get("s"))?.metadata).toEqual({ topic: "Names", settings: { mode: "stateful" } });
});

test("a session that is not there has no settings, and gets none", async () => {
  const server = await startTestServer();
  for (const answer of [
    await server.inject("GET", "/sessions/s/settings"),
    await change(server, { mode: "stateful" }),
  ]) {
    expect(answer.statusCode).toBe(404);
    expect(answer.json().code).toBe("session_not_found");
  }
  expect((await server.inject("GET", "/sessions")).json().sessions).toEqual([]);
});

test("a branch begins with the settings of its session", async () => {
  const server = await startTestServer();
  await withSession(server);
  await change(server, { mode: "stateful" });
  await server.inject("POST", "/sessions/s/fork", { session_id: "branch" });
  expect((await server.inject("GET", "/sessions/branch/settings")).json()).toEqual({ mode: "stateful" });
});

test.each([
  ["none", {}],
  ["an unknown provider", { provider: "x" }],
  ["half of a surrogate pair", { system: "\ud800" }],
  ["a system prompt that is too long", { system: "x".repeat(20_001) }],
])("refuses %s", async (_, body) => {
  const server = await startTestServer();
  await withSession(server);
  const answer = await change(server, body);
  expect(answer.statusCode).toBe(400);
  expect(answer.json().code).toBe("invalid_request");
});

test("says that the settings are too long where they do not fit into Redis' metadata", async () => {
  const server = await startTestServer();
  await withSession(server);
  const answer = await change(server, { system: "\u0001".repeat(20_000) });
  expect(answer.statusCode).toBe(413);
  expect(answer.json().code).toBe("body_too_large");
});

test("an export carries the settings, and an import has them again", async () => {
  const server = await startTestServer();
  await withSession(server);
  const settings = { mode: "stateful", system: "Rhyme.", temperature: 0.5, max_output_tokens: 100, seed: 7 };
  await change(server, settings);
  const exported = (await server.inject("GET", "/sessions/s/export")).json();
  expect(exported.session.settings).toEqual(settings);
  await server.inject("POST", "/clear-session", { session_id: "s" });
  expect((await server.inject("POST", "/sessions/import?session_id=s", exported)).statusCode).toBe(201);
  expect(await read(server)).toEqual(settings);
});

test("a message is answered with the temperature, the length and the seed that it asks for", async () => {
  const server = await startTestServer();
  const asking = { message: "Hi", mode: "stateless", temperature: 0, max_output_tokens: 50, seed: 7 };
  const local = await server.inject("POST", "/chat", { ...asking, provider: "ollama" });
  expect(local.statusCode).toBe(200);
  expect(server.ollama.lastTurn.body).toMatchObject({ temperature: 0, seed: 7 });
  const cloud = await server.inject("POST", "/chat", { ...asking, provider: "chatgpt" });
  expect(cloud.json()).toMatchObject({ status: 400, errors: [{ field: "seed" }] });
  const { providers } = (await server.inject("GET", "/providers")).json();
  const chatgpt = providers.find(({ id }: { id: string }) => id === "chatgpt");
  expect(chatgpt.settings).toContain("temperature");
  expect(chatgpt.settings).not.toContain("seed");
});
