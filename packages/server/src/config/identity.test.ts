import { expect, test } from "vitest";
import { ConfigError, loadConfig } from "./config.ts";

const mistakesOf = (env: Record<string, string>): string => {
  try {
    loadConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.mistakes.join("\n");
    throw error;
  }
  return "";
};

const OIDC = { OIDC_ISSUER: "https://login.example.org", OIDC_AUDIENCE: "memory" };

test("without authentication the server listens on this machine only, unless it is said in so many words", () => {
  expect(loadConfig({}).identity.methods).toEqual(["none"]);
  for (const host of ["0.0.0.0", "::", "192.168.1.5", "example.org", "127.example.org"]) {
    expect(mistakesOf({ HOST: host })).toMatch(
      /HOST is .*AUTH=none lets anybody in.*ALLOW_UNAUTHENTICATED=true/,
    );
    expect(mistakesOf({ HOST: host, ALLOW_UNAUTHENTICATED: "false" })).not.toBe("");
    expect(mistakesOf({ HOST: host, ALLOW_UNAUTHENTICATED: "true" })).toBe("");
    expect(mistakesOf({ HOST: host, AUTH: "guest" })).toBe("");
  }
  for (const host of ["127.0.0.1", "localhost", "::1", "127.5.0.1"])
    expect(mistakesOf({ HOST: host })).toBe("");
  expect(mistakesOf({ ALLOW_UNAUTHENTICATED: "yes" })).toMatch(/ALLOW_UNAUTHENTICATED is "yes"/);
});

test("keys and jwt go together, nothing else does", () => {
  expect(loadConfig({ AUTH: "keys, jwt", ...OIDC }).identity.methods).toEqual(["keys", "jwt"]);
  expect(loadConfig({ AUTH: "jwt,keys", ...OIDC }).identity.methods).toEqual(["jwt", "keys"]);
  for (const wrong of ["none,keys", "guest,jwt", "guest,keys,jwt", "password", ",", "keys,keys"]) {
    expect(mistakesOf({ AUTH: wrong, ...OIDC })).toMatch(/^AUTH is/);
  }
});

test("jwt needs an issuer that can be trusted, and something to check", () => {
  expect(mistakesOf({ AUTH: "jwt" })).toMatch(/needs OIDC_ISSUER[\s\S]*needs OIDC_AUDIENCE/);
  expect(mistakesOf({ AUTH: "jwt", ...OIDC })).toBe("");
  expect(mistakesOf({ AUTH: "jwt", ...OIDC, OIDC_ISSUER: "http://login.example.org" })).toMatch(/https/);
  expect(mistakesOf({ AUTH: "jwt", ...OIDC, OIDC_ISSUER: "http://127.0.0.1:4000" })).toBe("");
  const login = { AUTH: "jwt", ...OIDC, OIDC_CLIENT_ID: "page" };
  expect(mistakesOf({ ...login, PUBLIC_URL: "http://chat.example.org" })).toMatch(/PUBLIC_URL/);
  expect(mistakesOf({ ...login, PUBLIC_URL: "https://chat.example.org" })).toBe("");
});

test("origins and proxies are lists, and each of them is looked at", () => {
  const { identity } = loadConfig({
    AUTH: "keys",
    ALLOWED_ORIGINS: "https://a.example.org, http://localhost:5173",
    TRUSTED_PROXIES: "loopback,172.16.0.0/12",
  });
  expect(identity.allowedOrigins).toEqual(["https://a.example.org", "http://localhost:5173"]);
  expect(identity.trustedProxies).toEqual(["loopback", "172.16.0.0/12"]);
  expect(mistakesOf({ AUTH: "keys", ALLOWED_ORIGINS: "*" })).toMatch(/ALLOWED_ORIGINS/);
  expect(mistakesOf({ AUTH: "keys", ALLOWED_ORIGINS: "https://a.example.org/path" })).toMatch(
    /ALLOWED_ORIGINS/,
  );
  expect(mistakesOf({ ALLOWED_ORIGINS: "https://a.example.org" })).toMatch(/needs authentication/);
  expect(mistakesOf({ AUTH: "keys", TRUSTED_PROXIES: "true" })).toMatch(/TRUSTED_PROXIES/);
});

test("a secret that is too short to be one is refused, and not shown", () => {
  const told = mistakesOf({ AUTH: "guest", SESSION_SECRET: "geheim" });
  expect(told).toMatch(/SESSION_SECRET: must be at least 32 characters/);
  expect(told).not.toContain("geheim");
});
