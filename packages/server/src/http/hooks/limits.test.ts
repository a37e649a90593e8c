import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { failedTurn } from "../../../test/failed-turn.ts";
import { startLimited as start } from "../../../test/limited-server.ts";
import { startTestServer, type TestServer } from "../../../test/test-server.ts";

test("counts requests per minute, reports the rest in headers, and refuses too many", async () => {
  const { server, as } = await start({ LIMIT_REQUESTS_PER_MINUTE: "3" });
  const alice = await as("alice");
  const first = await alice.get("/sessions");
  expect(first.headers["ratelimit-policy"]).toBe('"address-requests";q=6000;w=60, "requests";q=3;w=60');
  expect(first.headers.ratelimit).toMatch(/^"address-requests";r=5999;t=60, "requests";r=2;t=60$/);
  await alice.get("/sessions");
  await alice.get("/sessions");
  const refused = await alice.get("/sessions");
  expect(refused.statusCode).toBe(429);
  expect(Number(refused.headers["retry-after"])).toBeGreaterThan(50);
  expect(refused.headers["x-should-retry"]).toBe("true");
  expect(refused.headers.ratelimit).toMatch(/"requests";r=0;t=\d+$/);
  expect(refused.json()).toMatchObject({
    code: "rate_limited",
    detail: expect.stringMatching(/Try again in \d+ s/),
  });
  expect((await (await as("bob")).get("/sessions")).statusCode).toBe(200);
  expect(server.lines.join()).toContain('"event":"limit_reached","policy":"requests"');
});

test("repeated refusals do not fill the log", async () => {
  const { server, as } = await start({ LIMIT_REQUESTS_PER_MINUTE: "3" });
  const alice = await as("alice");
  for (let n = 0; n < 30; n++) await alice.get("/sessions");
  expect(server.lines.filter((line) => line.includes('"event":"limit_reached"'))).toHaveLength(1);
});

test("what moves much counts as many requests: an import, an export, a fork", async () => {
  const { server, as } = await start({ LIMIT_REQUESTS_PER_MINUTE: "100" });
  const { headers } = await as("alice");
  const base = await server.listen();
  const left = async () => {
    const { headers: said } = await fetch(`${base}/sessions`, { headers });
    return Number(/"requests";r=(\d+)/.exec(said.get("ratelimit") ?? "")?.[1]);
  };
  expect(await left()).toBe(99);
  const messages = Array.from({ length: 3 }, () => ({ role: "user", content: "x".repeat(1_000_000) }));
  const json = { ...headers, "content-type": "application/json" };
  const body = JSON.stringify({ messages });
  await fetch(`${base}/sessions/import?session_id=s`, { method: "POST", headers: json, body });
  // 3 MB are 22 times 128 KiB.
  expect(await left()).toBe(75);
  expect((await (await fetch(`${base}/sessions/s/export`, { headers })).text()).length).toBeGreaterThan(3e6);
  // Counted after the whole answer is sent; no request waits for it.
  await expect.poll(left).toBeLessThan(53);
  const before = await left();
  expect((await fetch(`${base}/sessions/s/fork`, { method: "POST", headers: json, body: "{}" })).status).toBe(
    201,
  );
  expect(await left()).toBeLessThan(before - 22);
  const refused = await fetch(`${base}/sessions/s/fork`, { method: "POST", headers: json, body: "{}" });
  expect(refused.status).toBe(429);
});

test("what is read in Redis and not answered counts too: the records of turns", async () => {
  const { as } = await start({ LIMIT_REQUESTS_PER_MINUTE: "1000" });
  const alice = await as("alice");
  const idOf = (n: number) => n.toString(16).padStart(16, "0");
  const turn = { status: "failed", answer_place: null, started_at: new Date().toISOString(), ended_at: null };
  const turns = Array.from({ length: 50 }, (_, n) => ({
    ...turn,
    id: idOf(n),
    user_place: n,
    mode: "stateful",
    provider: "mirror",
    model: "mirror",
    replaced_response: "x".repeat(60_000),
  }));
  const messages = turns.map(({ id }) => ({ role: "user", content: "Hi", turn: { id } }));
  expect((await alice.post("/sessions/import?session_id=s", { messages, turns })).statusCode).toBe(201);
  const left = async () =>
    Number(/"requests";r=(\d+)/.exec(String((await alice.get("/sessions")).headers.ratelimit))?.[1]);
  let before = await left();
  // 3 MB are 22 times 128 KiB; Redis' own figure is approximate.
  for (const path of ["messages?limit=100", "totals"]) {
    const { statusCode, body } = await alice.get(`/sessions/s/${path}`);
    expect([statusCode, body.length < 20_000], path).toEqual([200, true]);
    const now = await left();
    expect(before - now, path).toBeGreaterThan(20);
    before = now;
  }
});

test("counts requests per address before authentication", async () => {
  const { server, as } = await start({ LIMIT_ADDRESS_REQUESTS_PER_MINUTE: "4" });
  const alice = await as("alice");
  const wrong = { authorization: `Bearer rmm_${"0".repeat(16)}_${"A".repeat(43)}` };
  for (let n = 0; n < 4; n++) await server.inject("GET", "/sessions", undefined, wrong);
  expect((await server.inject("GET", "/sessions", undefined, wrong)).statusCode).toBe(429);
  expect((await alice.get("/sessions")).statusCode).toBe(429);
  expect((await server.inject("GET", "/health/live")).statusCode).toBe(200);
});

test("a body that is only announced takes no more of an address' minute than one that is taken", async () => {
  const { server, as } = await start({ LIMIT_ADDRESS_REQUESTS_PER_MINUTE: "600", MAX_IMAGE_BYTES: "786432" });
  const { get, headers } = await as("alice");
  const base = await server.listen();
  const status = await new Promise((resolve, reject) => {
    const huge = { ...headers, "content-type": "application/json", "content-length": String(1e12) };
    const asked = request(`${base}/chat`, { method: "POST", headers: huge }, (answer) => {
      resolve(answer.statusCode);
      answer.destroy();
    });
    asked.on("error", reject);
    asked.flushHeaders();
  });
  expect(status).toBe(413);
  const left = /"address-requests";r=(\d+)/.exec(String((await get("/sessions")).headers.ratelimit))?.[1];
  // /chat takes 1 MiB and an image of 768 KiB as Base64, which is 1 MiB, too: sixteen times 128 KiB.
  expect(Number(left)).toBe(600 - 17 - 1);
});

test("X-Forwarded-For is believed only of proxies that were named", async () => {
  const env = { LIMIT_ADDRESS_REQUESTS_PER_MINUTE: "2" };
  const [open, named] = [await start(env), await start({ ...env, TRUSTED_PROXIES: "127.0.0.1" })];
  const ask = ({ server }: { server: TestServer }, address: string) =>
    server.inject("GET", "/auth/me", undefined, { "x-forwarded-for": address });
  const statuses = async (at: { server: TestServer }, addresses: string[]) => {
    const found = [];
    for (const address of addresses) found.push((await ask(at, address)).statusCode);
    return found;
  };
  expect(await statuses(open, ["10.0.0.1", "10.0.0.2", "10.0.0.3"])).toEqual([200, 200, 429]);
  expect(await statuses(named, ["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.1", "10.0.0.1"])).toEqual([
    200, 200, 200, 200, 429,
  ]);
  // A network of IPv6 is one, and what a client adds to the header itself does not count.
  const six = ["2001:db8:1:2::1", "2001:db8:1:2:ffff::9", "2001:0db8:1:2::3"];
  expect(await statuses(named, six)).toEqual([200, 200, 429]);
  expect(await statuses(named, ["1.1.1.1, 10.0.0.9", "2.2.2.2, 10.0.0.9", "3.3.3.3, 10.0.0.9"])).toEqual([
    200, 200, 429,
  ]);
});

test("so many answers run at once; one that has ended makes room, and a reader's stream counts too", async () => {
  const { server, as } = await start({ LIMIT_STREAMS: "2" });
  const alice = await as("alice");
  server.openai.scenario = { pieces: ["one ", "two"], pausedAfter: 1 };
  const running = ["a", "b"].map((session_id) =>
    alice.post("/chat", { message: "Hi", mode: "stateful", provider: "chatgpt", session_id }),
  );
  await expect.poll(() => server.openai.turns).toHaveLength(2);
  const turn = (await alice.get("/sessions/a")).json().running_turn_id;
  for (const refused of [await alice.chat("c"), await alice.get(`/sessions/a/turns/${turn}/events`)]) {
    expect(refused.statusCode).toBe(429);
    expect(refused.json()).toMatchObject({ code: "too_many_streams" });
    expect(refused.headers["retry-after"]).toBe("5");
  }
  expect((await alice.get("/sessions/c")).statusCode).toBe(404);
  await server.openai.resume(2);
  expect((await Promise.all(running)).map(({ statusCode }) => statusCode)).toEqual([200, 200]);
  expect((await alice.chat("c")).statusCode).toBe(200);
});

test("so many sessions; deleting one makes room", async () => {
  const { as } = await start({ LIMIT_SESSIONS: "2" });
  const alice = await as("alice");
  for (const id of ["a", "b"]) expect((await alice.chat(id)).statusCode).toBe(200);
  const refusals = [
    await alice.chat("c"),
    await alice.post("/sessions/c/messages", { messages: [{ role: "user", content: "Hi" }] }),
    await alice.post("/sessions/a/fork"),
    await alice.post("/sessions/import", { messages: [{ role: "user", content: "Hi" }] }),
  ];
  for (const refused of refusals) {
    expect(refused.statusCode, refused.body).toBe(429);
    expect(refused.json()).toMatchObject({ code: "storage_limit_reached" });
    expect(Number(refused.headers["retry-after"])).toBeGreaterThan(3000);
  }
  expect((await alice.chat("a")).statusCode).toBe(200);
  await alice.delete("/sessions/a");
  await expect.poll(async () => (await alice.chat("c")).statusCode).toBe(200);
});

test("so many bytes of messages; deleting a session makes room", async () => {
  const { as } = await start({ LIMIT_STORED_BYTES: "4000" });
  const alice = await as("alice");
  const append = (id: string, bytes: number) =>
    alice.post(`/sessions/${id}/messages`, { messages: [{ role: "user", content: "x".repeat(bytes) }] });
  expect((await append("a", 2000)).statusCode).toBe(200);
  expect((await append("b", 2000)).json()).toMatchObject({ code: "storage_limit_reached" });
  expect((await append("b", 500)).statusCode).toBe(200);
  await new Promise((resolve) => setTimeout(resolve, 5));
  await alice.delete("/sessions/a");
  await expect.poll(async () => (await append("b", 2000)).statusCode).toBe(200);
});

test("an answer that comes all at once counts too, and the terms that it is found by", async () => {
  const { server, as } = await start({ LIMIT_STORED_BYTES: "100000" });
  const alice = await as("alice");
  const ask = { mode: "stateful", provider: "chatgpt", session_id: "s" };
  const message = `fake ${JSON.stringify({ words: 700 })}`;
  expect((await alice.post("/chat", { ...ask, message })).json().response).toHaveLength(6191);
  const quota = () => server.command("HGET", `${server.name}:sessions:{alice}:bytes`, "");
  await expect.poll(async () => Number(await quota())).toBe(6191 + 1024 + message.length * 1.5);
});

test("what else is kept of a session counts too: prompts, replaced answers, forks", async () => {
  const { as } = await start({ LIMIT_STORED_BYTES: "30000" });
  const alice = await as("alice");
  const big = "x".repeat(20_000);
  const message = { role: "user", content: "Hi" };
  const restore = (id: string, replaced: string) =>
    alice.post(`/sessions/import?session_id=${id}`, {
      messages: [message],
      turns: [failedTurn(replaced)],
    });
  const full = { code: "storage_limit_reached" };
  expect((await restore("a", big + big)).json()).toMatchObject(full);
  expect((await restore("a", big)).statusCode).toBe(201);
  expect((await restore("b", big)).json()).toMatchObject(full);
  expect((await alice.post("/sessions/a/fork", {})).json()).toMatchObject(full);
  const ask = { message: "Hi", mode: "stateless", provider: "mirror", session_id: "c", system: big };
  expect((await alice.post("/chat", ask)).json()).toMatchObject(full);
});

test("a guest with a new cookie each time cannot exceed the address's storage limit", async () => {
  const { server } = await start({ AUTH: "guest", LIMIT_ADDRESS_STORED_BYTES_PER_DAY: "23000" });
  const messages = [{ role: "user", content: "x".repeat(5000) }];
  // Each write takes a KiB beside its text, and here another for its terms; one that came to nothing takes none.
  const restore = (path: string, headers = {}) =>
    server.inject("POST", `/sessions/import${path}`, { messages }, headers);
  const first = await restore("?session_id=s");
  const cookie = String(first.headers["set-cookie"]).split(";")[0] ?? "";
  expect((await restore("?session_id=s", { cookie })).statusCode).toBe(409);
  const used = () => server.command("GET", `${server.name}:limits:bytes:address:127.0.0.1`);
  await expect.poll(async () => Number(await used())).toBeLessThan(7100);
  expect([(await restore("")).statusCode, (await restore("")).statusCode]).toEqual([201, 201]);
  const refused = await restore("");
  expect(refused.statusCode).toBe(429);
  expect(refused.json()).toMatchObject({ code: "storage_limit_reached" });
  expect(refused.headers.ratelimit).toContain('"address-bytes";r=');
  expect((await server.inject("GET", "/sessions")).statusCode).toBe(200);
  // An answer counts as well.
  const ask = { message: "Hi", mode: "stateful", provider: "mirror" };
  const before = Number(await used());
  expect((await server.inject("POST", "/chat", ask)).statusCode).toBe(200);
  await expect.poll(async () => Number(await used())).toBeGreaterThan(before + 1024 + 10);
});

test("a group has limits of its own", async () => {
  const folder = mkdtempSync(join(tmpdir(), "limits-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, "limits.json"), '{"groups": {"staff": {"requests_per_minute": 5}}}');
  const { as } = await start({ LIMIT_REQUESTS_PER_MINUTE: "1", LIMITS_FILE: join(folder, "limits.json") });
  const [alice, bob] = [await as("alice", "staff"), await as("bob")];
  expect((await alice.get("/sessions")).headers["ratelimit-policy"]).toContain('"requests";q=5;w=60');
  expect((await bob.get("/sessions")).headers["ratelimit-policy"]).toContain('"requests";q=1;w=60');
});

test("a session's life can be extended so far, also by an import", async () => {
  const { as } = await start({ SESSION_TTL_MAX_SECONDS: "7200" });
  const alice = await as("alice");
  await alice.chat("s");
  expect((await alice.patch("/sessions/s", { ttl_seconds: 7200 })).statusCode).toBe(200);
  const { title } = (await alice.get("/sessions/s")).json();
  const refused = await alice.patch("/sessions/s", { title: "Not this", ttl_seconds: 7201 });
  expect(refused.statusCode).toBe(400);
  expect((await alice.get("/sessions/s")).json()).toMatchObject({ title, ttl_seconds: 7200 });
  expect(refused.json().errors).toEqual([
    { field: "ttl_seconds", message: "must be at most 7200 on this server" },
  ]);
});

test("two servers on one Redis count together", async () => {
  const one = await start({ LIMIT_REQUESTS_PER_MINUTE: "10" });
  const two = await startTestServer({
    env: { AUTH: "keys", LIMIT_REQUESTS_PER_MINUTE: "10" },
    name: one.server.name,
  });
  const { headers } = await one.as("alice");
  const answers = await Promise.all(
    Array.from({ length: 40 }, (_, n) =>
      (n % 2 ? one.server : two).inject("GET", "/sessions", undefined, headers),
    ),
  );
  expect(answers.filter(({ statusCode }) => statusCode === 200)).toHaveLength(10);
});

test("without authentication and without a limit nothing is counted, and nothing said of it", async () => {
  const server = await startTestServer();
  const response = await server.inject("GET", "/sessions");
  expect(response.headers.ratelimit).toBeUndefined();
  expect(await server.keys()).toEqual([]);
});
