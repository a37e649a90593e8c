import { exportSPKI, generateKeyPair } from "jose";
import { expect, onTestFinished, test } from "vitest";
import { startIssuer } from "../../../test/issuer.ts";
import { startTestServer } from "../../../test/test-server.ts";

async function start(env: Record<string, string> = {}) {
  const issuer = await startIssuer();
  onTestFinished(issuer.close);
  const server = await startTestServer({
    env: { AUTH: "jwt", OIDC_ISSUER: issuer.url, OIDC_AUDIENCE: "memory", ...env },
  });
  const ask = (token: string, path = "/sessions") =>
    server.inject("GET", path, undefined, { authorization: `Bearer ${token}` });
  return { issuer, server, ask };
}

const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString("base64url");

test("a token that the issuer signed for this server makes its subject the owner", async () => {
  const { issuer, ask } = await start();
  const me = await ask(await issuer.sign(issuer.claims), "/auth/me");
  expect(me.json()).toMatchObject({ authenticated: true, owner: "alice", via: "token", login_url: null });
});

test("every token that does not hold is refused", async () => {
  const { issuer, ask } = await start();
  const { claims } = issuer;
  const now = claims.iat;
  const { privateKey: otherKey } = await generateKeyPair("RS256");
  const publicAsSecret = new TextEncoder().encode(await exportSPKI(issuer.publicKey));
  const good = await issuer.sign(claims);
  const [header = "", , signature = ""] = good.split(".");
  const { sub: _, ...noSubject } = claims;
  const { exp: __, ...noEnd } = claims;
  const tokens: Record<string, string> = {
    "alg none": `${encode({ alg: "none" })}.${encode(claims)}.`,
    "alg None": `${encode({ alg: "None", kid: "one" })}.${encode(claims)}.${signature}`,
    "claims of another": `${header}.${encode({ ...claims, sub: "bob" })}.${signature}`,
    "another key": await issuer.sign(claims, {}, otherKey),
    "key confusion": await issuer.sign(claims, { alg: "HS256" }, publicAsSecret),
    "an embedded key": await issuer.sign(claims, { jwk: { kty: "RSA" }, kid: "mine" }, otherKey),
    "a key from elsewhere": await issuer.sign(
      claims,
      { jku: "http://127.0.0.1:9/keys", kid: "mine" },
      otherKey,
    ),
    "an unknown kid": await issuer.sign(claims, { kid: "two" }),
    "a wrong issuer": await issuer.sign({ ...claims, iss: "https://evil.example" }),
    "an issuer with a slash more": await issuer.sign({ ...claims, iss: `${claims.iss}/` }),
    "a wrong audience": await issuer.sign({ ...claims, aud: "another" }),
    "no audience": await issuer.sign({ ...claims, aud: undefined }),
    expired: await issuer.sign({ ...claims, exp: now - 60 }),
    "no end": await issuer.sign(noEnd),
    "not yet valid": await issuer.sign({ ...claims, nbf: now + 120 }),
    "no subject": await issuer.sign(noSubject),
    "a subject that is a number": await issuer.sign({ ...claims, sub: 7 as unknown as string }),
    "a subject that is a list": await issuer.sign({ ...claims, sub: ["alice"] as unknown as string }),
    "an empty subject": await issuer.sign({ ...claims, sub: "" }),
    "an unknown critical header": await issuer.sign(claims, { crit: ["urn:a"], "urn:a": 1 }),
    "a token in a token": await issuer.sign({ ...claims, sub: undefined, jwt: good }, { cty: "JWT" }),
    "a key by a certificate": await issuer.sign(
      claims,
      { x5u: "http://127.0.0.1:9/x", kid: "mine" },
      otherKey,
    ),
    "no token": "token",
    "three dots": "..",
  };
  for (const [name, token] of Object.entries(tokens)) {
    const refused = await ask(token);
    expect(refused.statusCode, name).toBe(401);
    expect(refused.headers["www-authenticate"], name).toContain('error="invalid_token"');
    expect(refused.body, name).not.toContain(token.length > 5 ? token : "no token is so short");
  }
  expect((await ask(good)).statusCode).toBe(200);
  // What is not critical may be unknown.
  expect((await ask(await issuer.sign(claims, { "urn:a": 1 }))).statusCode).toBe(200);
});

test("clocks may differ by some seconds", async () => {
  const { issuer, ask } = await start();
  const { claims } = issuer;
  const now = Math.floor(Date.now() / 1000);
  expect((await ask(await issuer.sign({ ...claims, exp: now - 5 }))).statusCode).toBe(200);
  expect((await ask(await issuer.sign({ ...claims, nbf: now + 5 }))).statusCode).toBe(200);
});

test("a subject that is reserved, or too long for a key, is an owner of its own all the same", async () => {
  const { issuer, ask } = await start();
  const owners = new Set<string>();
  for (const sub of [
    "local",
    "guest:abc",
    "x".repeat(255),
    `${"x".repeat(255)}y`,
    "sha256:abc",
    "line\nbreak",
  ]) {
    const { owner } = (await ask(await issuer.sign({ ...issuer.claims, sub }), "/auth/me")).json();
    expect(owner, sub).toMatch(/^sha256:[0-9a-f]{64}$/);
    owners.add(owner);
  }
  expect(owners.size).toBe(6);
});

test("a flood of unknown keys does not become a flood to the issuer", async () => {
  const { issuer, ask } = await start();
  await ask(await issuer.sign(issuer.claims));
  const flood = await Promise.all(
    Array.from({ length: 200 }, async (_, n) =>
      ask(await issuer.sign(issuer.claims, { kid: `made-up-${n}` })),
    ),
  );
  expect(flood.every(({ statusCode }) => statusCode === 401)).toBe(true);
  expect(issuer.keyRequests()).toBeLessThanOrEqual(2);
});

test("while the issuer is unreachable, tokens that known keys verify are accepted, and no others", async () => {
  const { issuer, ask } = await start();
  issuer.goAway();
  const unknown = await ask(await issuer.sign(issuer.claims));
  expect(unknown.statusCode).toBe(503);
  expect(unknown.json().code).toBe("identity_unavailable");
  expect(unknown.headers["retry-after"]).toBe("5");
  issuer.comeBack();
  await expect
    .poll(async () => (await ask(await issuer.sign(issuer.claims))).statusCode, { interval: 500 })
    .toBe(200);
  issuer.goAway();
  expect((await ask(await issuer.sign(issuer.claims))).statusCode).toBe(200);
});

test("keys and tokens go together, and neither is taken for the other", async () => {
  const { issuer, server, ask } = await start({ AUTH: "keys,jwt" });
  const { key } = await server.apiKeys.create({ owner: "bob" });
  expect((await ask(key, "/auth/me")).json()).toMatchObject({ owner: "bob", via: "key" });
  expect((await ask(await issuer.sign(issuer.claims), "/auth/me")).json()).toMatchObject({ owner: "alice" });
  expect((await ask(`${key.slice(0, -1)}_`)).statusCode).toBe(401);
});
