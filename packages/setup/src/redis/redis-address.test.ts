import { expect, test } from "vitest";
import { redisAddress } from "./redis-address.ts";

test.each([
  [{}, { url: "redis://localhost:6379", shown: "localhost:6379", named: false }],
  // A copied .env.example names nothing but the defaults.
  [
    { REDIS_PORT: "6379", REDIS_PASSWORD: "" },
    { url: "redis://localhost:6379", shown: "localhost:6379", named: false },
  ],
  [{ REDIS_HOST: "redis" }, { url: "redis://redis:6379", shown: "redis:6379", named: true }],
  [{ REDIS_HOST: "::1" }, { url: "redis://[::1]:6379", shown: "[::1]:6379", named: true }],
  [{ REDIS_PASSWORD: "p@w" }, { url: "redis://:p%40w@localhost:6379", shown: "localhost:6379", named: true }],
  [
    { REDIS_URL: "redis://user:p%40ss@host:7000/2", REDIS_HOST: "other" },
    { url: "redis://user:p%40ss@host:7000/2", shown: "host:7000", named: true },
  ],
  [{ REDIS_URL: "rediss://host" }, { url: "rediss://host", shown: "host:6379", named: true }],
])("%j", (env, address) => {
  expect(redisAddress(env)).toEqual(address);
});

test.each([
  { REDIS_URL: "localhost:6379" },
  { REDIS_URL: "redis://:p%zz@host" },
  { REDIS_URL: "redis://a:1,b:2" },
  { REDIS_URL: "redis+sentinel://a:1,b:2/main" },
  { REDIS_URL: "rediss+cluster://a" },
  { REDIS_URL: "unix:///run/redis.sock" },
  { REDIS_PORT: "many" },
  { REDIS_PASSWORD_FILE: "/nowhere/password" },
])("%j is the server's to judge, with all other mistakes", (env) => {
  expect(redisAddress(env)).toBeUndefined();
});
