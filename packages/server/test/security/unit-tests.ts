/** Tests of `npm test` that are attacks, and what they try. `npm run test:security` runs and counts them too. */
export const SECURITY_TESTS: Readonly<Record<string, string>> = {
  "packages/server/src/http/hooks/access-tokens.test.ts":
    "tokens: alg none, wrong issuer, audience or key, expired, not yet valid, key confusion, unknown keys",
  "packages/server/src/http/routes/login.test.ts":
    "logins: fixation, forged and replayed callbacks, open redirects, CSRF, logout with a live stream",
  "packages/server/src/http/hooks/guests.test.ts":
    "guests' cookies: tampering, CSRF, DNS rebinding, a copy after logout",
  "packages/server/src/http/hooks/api-keys.test.ts":
    "API keys: both headers, mixed case, twice, revoked with a live stream",
  "packages/server/src/http/hooks/ownership.test.ts": "ownership over every route of /openapi.json",
  "packages/server/src/http/hooks/limits.test.ts":
    "limits: by owner, address, group and server; forged X-Forwarded-For",
  "packages/server/src/http/hooks/loopback-guard.test.ts":
    "no authentication: foreign pages and names (DNS rebinding)",
  "packages/server/src/identity/verified-cache.test.ts": "Redis away: keys hold for 30 s",
  "packages/server/src/commands/commands.test.ts": "erasing and exporting an owner",
};
