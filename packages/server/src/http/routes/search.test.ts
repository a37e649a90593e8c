import { expect, test } from "vitest";
import { startTestServer, type TestServer } from "../../../test/test-server.ts";

const tell = (server: TestServer, session: string, ...contents: string[]) =>
  server.inject("POST", `/sessions/${session}/messages`, {
    messages: contents.map((content) => ({ role: "user", content })),
  });
const search = async (server: TestServer, query: string) =>
  (await server.inject("GET", `/search?${new URLSearchParams({ q: query })}`)).json();

test("finds messages that have all words, in any order and case, newest session first", async () => {
  const server = await startTestServer();
  await tell(server, "old", "Fibonacci grows quickly.", "Nothing of it here.");
  await tell(
    server,
    "new",
    `${"x ".repeat(100)}How quickly does a\nFIBONACCI number grow? ${"y ".repeat(100)}`,
  );
  const { matches, ...searched } = await search(server, "quickly fibonacci");
  expect(matches.map((match: { session_id: string }) => match.session_id)).toEqual(["new", "old"]);
  expect(matches[0].text).toMatch(/^….*How quickly does a FIBONACCI number grow\?.*…$/);
  expect(matches[1]).toMatchObject({ role: "user", text: "Fibonacci grows quickly.", title: null });
  expect(searched).toEqual({ sessions: 2, messages: 3, complete: true });
  const { messages } = (await server.inject("GET", "/sessions/old/messages")).json();
  expect(matches[1].message_id).toBe(messages[0].id);
});

test("says that it has not searched everything", async () => {
  const server = await startTestServer();
  await tell(server, "long", "needle", ...Array.from({ length: 30 }, () => "x".repeat(10_000)));
  expect(await search(server, "needle")).toMatchObject({ matches: [], sessions: 1, complete: false });
  for (let n = 0; n < 11; n++) await tell(server, `s${n}`, "hay", "hay", "hay", "hay");
  const { matches, complete } = await search(server, "hay");
  expect([matches.length, complete]).toEqual([30, false]);
});

test("renews the TTL of no session", async () => {
  const server = await startTestServer();
  await tell(server, "s", "needle");
  for (const key of await server.keys()) await server.command("EXPIRE", key, "100");
  await search(server, "needle");
  for (const key of await server.keys()) expect(await server.command("TTL", key)).toBeLessThanOrEqual(100);
});

test.each([
  ["none", ""],
  ["spaces", "   "],
  ["a query that is too long", "x".repeat(201)],
])("refuses %s", async (_, query) => {
  const server = await startTestServer();
  expect(await search(server, query)).toMatchObject({ status: 400, code: "invalid_request" });
});
