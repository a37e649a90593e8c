import { expect, test } from "vitest";
import { redisAddress } from "./redis-address.mjs";

test.each([
  [{}, { host: "localhost", port: 6379, shown: "localhost:6379", named: false }],
  // A copied .env.example names nothing but the defaults.
  [
    { REDIS_PORT: "6379", REDIS_PASSWORD: "" },
    { host: "localhost", port: 6379, shown: "localhost:6379", named: false },
  ],
  [{ REDIS_HOST: "redis" }, { host: "redis", port: 6379, shown: "redis:6379", named: true }],
  [
    { REDIS_PASSWORD: "pw" },
    { host: "localhost", port: 6379, shown: "localhost:6379", named: true, password: "pw" },
  ],
  [
    { REDIS_URL: "redis://user:p%40ss@host:7000/2", REDIS_HOST: "other" },
    {
      host: "host",
      port: 7000,
      shown: "host:7000",
      named: true,
      tls: false,
      username: "user",
      password: "p@ss",
    },
  ],
  [{ REDIS_URL: "rediss://host" }, { host: "host", port: 6379, shown: "host:6379", named: true, tls: true }],
  [
    { REDIS_URL: "redis://[::1]:7000" },
    { host: "::1", port: 7000, shown: "[::1]:7000", named: true, tls: false },
  ],
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
