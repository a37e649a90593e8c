import { pino } from "pino";
import { expect, test } from "vitest";
import { startTestServer, type TestServer } from "../../test/test-server.ts";
import { IdentityStore } from "../storage/identity-store.ts";
import { keys } from "./keys-command.ts";
import { owner } from "./owner-command.ts";
import { UsageError } from "./run-command.ts";

/** Runs a command on what a server of the tests has. */
async function run(server: TestServer, command: typeof keys, ...args: string[]) {
  const { config, redis, name } = server;
  const out: string[] = [];
  const log: string[] = [];
  await command(args, {
    config,
    redis,
    name,
    identities: new IdentityStore(redis.client, name),
    log: pino({ base: null }, { write: (line: string) => void log.push(line) }),
    print: (text) => void out.push(text),
  });
  return { out: out.join(""), log: log.join("") };
}

const start = () => startTestServer({ env: { AUTH: "keys" } });

test("keys are made, listed and revoked by a command, and taken by the server at once", async () => {
  const server = await start();
  const made = await run(
    server,
    keys,
    "create",
    "alice",
    "--group",
    "staff",
    "--days",
    "90",
    "--note",
    "laptop",
  );
  expect(made.out).toMatch(/^rmm_[0-9a-f]{16}_[\w-]{43}\n$/);
  const headers = { authorization: `Bearer ${made.out.trim()}` };
  const me = await server.inject("GET", "/auth/me", undefined, headers);
  expect(me.json()).toMatchObject({ owner: "alice", group: "staff" });

  const id = made.out.slice(4, 20);
  const list = await run(server, keys, "list");
  expect(list.out).toMatch(
    new RegExp(`^ID +OWNER +GROUP +EXPIRES +NOTE\n${id}  alice  staff  \\d{4}-\\d\\d-\\d\\d +laptop\n$`),
  );
  const revoked = await run(server, keys, "revoke", id);
  await expect
    .poll(async () => (await server.inject("GET", "/sessions", undefined, headers)).statusCode)
    .toBe(401);
  expect(made.log).toContain('"event":"key_created"');
  expect(made.log).not.toContain(made.out.slice(21).trim());
  expect(revoked.log).toContain('"event":"key_revoked"');
});

test.each([
  [[]],
  [["create"]],
  [["create", "local"]],
  [["create", "guest:a"]],
  [["create", "a", "--days", "x"]],
  [["create", "a", "--nope"]],
  [["revoke", "0"]],
])("keys %j is a mistake", async (args) => {
  await expect(run(await start(), keys, ...args)).rejects.toThrow(UsageError);
});

test("exports and erases all data of an owner, and none of another owner", async () => {
  const server = await start();
  const as = async (name: string) => ({
    authorization: `Bearer ${(await server.apiKeys.create({ owner: name })).key}`,
  });
  const [alice, bob] = [await as("alice"), await as("bob:owner:alice")];
  const ask = { message: "Something of mine", mode: "stateful", provider: "mirror" };
  for (const headers of [alice, bob]) {
    for (const id of ["one", "two/{x}"])
      expect((await server.inject("POST", "/chat", { ...ask, session_id: id }, headers)).statusCode).toBe(
        200,
      );
    await server.inject("POST", "/notes", { notes: [{ text: "A note of mine" }] }, headers);
  }
  const bobs = (await server.keys()).filter((key) => key.includes("bob"));

  const document = JSON.parse((await run(server, owner, "export", "alice")).out);
  expect(document).toMatchObject({
    owner: "alice",
    api_keys: [{ owner: "alice" }],
    notes: [{ text: "A note of mine" }],
  });
  const ids = document.sessions.map(({ session }: { session: { id: string } }) => session.id);
  expect(ids.sort()).toEqual(["one", "two/{x}"]);
  expect(document.sessions[0].messages[0].content).toBe("Something of mine");

  const erased = await run(server, owner, "erase", "alice");
  expect(erased.out).toMatch(
    /^Erased of alice: 2 sessions in \d+ keys of Redis, 1 API key, 0 logins\. Left: 0\.\n$/,
  );
  const left = await server.keys();
  expect(left.filter((key) => key.includes("alice") && !key.includes("bob"))).toEqual([]);
  // The address' counters are the only ones that are neither's.
  expect(left).toEqual(expect.arrayContaining(bobs));
  expect((await server.inject("GET", "/sessions/one", undefined, bob)).statusCode).toBe(200);
});

test("erasing while a turn runs cancels it, and it writes nothing any more", async () => {
  const server = await startTestServer({ env: { AUTH: "keys" }, mirrorDelayMs: 100 });
  const { key } = await server.apiKeys.create({ owner: "alice" });
  const ask = { message: "Hi", mode: "stateful", provider: "mirror", session_id: "s" };
  const running = server.inject("POST", "/chat", ask, { authorization: `Bearer ${key}` });
  await expect
    .poll(async () => (await server.keys()).some((name) => name.endsWith("{alice/s}:log")))
    .toBe(true);
  await run(server, owner, "erase", "alice");
  await running;
  expect((await server.keys()).filter((name) => name.includes("{alice"))).toEqual([]);
});

test("an erased guest is a new guest with the same cookie", async () => {
  const server = await startTestServer({ env: { AUTH: "guest" } });
  const ask = { message: "Hi", mode: "stateful", provider: "mirror", session_id: "s" };
  const first = await server.inject("POST", "/chat", ask);
  const cookie = String(first.headers["set-cookie"]).split(";")[0] ?? "";
  const who = async () => (await server.inject("GET", "/auth/me", undefined, { cookie })).json().owner;
  const guest = await who();
  expect((await run(server, owner, "erase", guest)).out).toMatch(/1 session .* Left: 0\.\n$/);
  await expect.poll(who).not.toBe(guest);
});
