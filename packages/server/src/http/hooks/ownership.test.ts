import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { startTestServer } from "../../../test/test-server.ts";

const METHODS = ["get", "post", "patch", "delete", "put"] as const;
const CANARY = "the canary that only alice knows";

/** A body that the route takes, so that nothing but the owner can be what it is refused for. */
const BODIES: Readonly<Record<string, object>> = {
  "POST /chat": { message: "Hi", mode: "stateful", provider: "mirror" },
  "POST /context-preview": { message: "What did I say?", mode: "stateful", provider: "mirror" },
  "POST /clear-session": {},
  "PATCH /sessions/{session_id}": { title: "mine now" },
  "POST /sessions/{session_id}/messages": { messages: [{ role: "user", content: "Hi" }] },
  "POST /sessions/{session_id}/fork": {},
  "POST /sessions/import": { messages: [{ role: "user", content: "Hi" }] },
};
const PUBLIC = /^GET \/(health\/(live|ready))?$|\/auth\//;

test("on every route another owner's session looks like one that does not exist", async () => {
  const server = await startTestServer({ env: { AUTH: "keys", LIMIT_REQUESTS_PER_MINUTE: "off" } });
  const as = async (owner: string) => ({
    authorization: `Bearer ${(await server.apiKeys.create({ owner })).key}`,
  });
  const [alice, bob] = [await as("alice"), await as("bob")];
  const ask = { message: CANARY, mode: "stateful", provider: "mirror" };
  const { paths } = (await server.inject("GET", "/openapi.json")).json();
  const routes = Object.entries<object>(paths).flatMap(([path, item]) =>
    METHODS.filter((method) => method in item).map((method) => ({ method: method.toUpperCase(), path })),
  );
  expect(routes.length).toBeGreaterThan(18);

  let asked = 0;
  for (const { method, path } of routes) {
    const route = `${method} ${path}`;
    if (PUBLIC.test(route)) continue;
    const anonymous = path.replace("{session_id}", "s").replace("{turn_id}", "0123456789abcdef");
    expect((await server.inject(method as "GET", anonymous)).statusCode, route).toBe(401);
    // For each route anew: some of them change what they find.
    const real = `alices-${randomUUID()}`;
    const turn = (await server.inject("POST", "/chat", { ...ask, session_id: real }, alice)).json().turn_id;
    const before = await server.inject("GET", `/sessions/${real}/export`, undefined, alice);
    const request = async (sessionId: string, turnId: string) => {
      const known = BODIES[route];
      const names = !path.includes("{session_id}") && known !== undefined;
      const body = known && { ...known, ...(names && { session_id: sessionId }) };
      const to = path.replace("{session_id}", sessionId).replace("{turn_id}", turnId);
      const { statusCode, body: text, headers } = await server.inject(method as "GET", to, body, bob);
      expect(headers["cache-control"], route).toMatch(/^no-store(, no-transform)?$/);
      return {
        statusCode,
        type: headers["content-type"],
        text: text
          .replaceAll(sessionId, "ID")
          .replaceAll(turnId, "TURN")
          .replace(/"(turn_id|id|created_at|updated_at|expires_at|started_at)":"[^"]*"/g, '"$1":""')
          .replace(/"ids":\["[^"]*"\]/g, '"ids":[]')
          .replace(/"(message_id|hash)":"[^"]*"/g, '"$1":""')
          .replace(/session_[0-9a-f-]{36}/g, "session_new"),
      };
    };
    // Bob may create a session of his own under such an id: use a new id each time.
    const foreign = await request(real, turn);
    const never = await request(`nobodys-${randomUUID()}`, "0123456789abcdef");
    expect(foreign, route).toEqual({ ...never, text: expect.any(String) });
    if (route !== "GET /sessions") expect(foreign.text, route).toBe(never.text);
    expect(foreign.text, route).not.toContain(CANARY);
    const after = await server.inject("GET", `/sessions/${real}/export`, undefined, alice);
    expect(after.statusCode, route).toBe(200);
    expect(withoutTimes(after.body), route).toBe(withoutTimes(before.body));
    asked++;
  }
  expect(asked).toBeGreaterThan(14);
  expect(server.lines.join()).not.toContain(CANARY);
});

// Reading a session out renews nothing, but says when it was done and how long it lives.
const withoutTimes = (text: string): string =>
  text.replace(/"(exported_at|expires_at|updated_at)":"[^"]*"/g, '"$1":""').replace(/"ttl_seconds":\d+/g, "");
