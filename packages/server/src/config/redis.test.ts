import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ConfigError, loadConfig } from "./config.ts";

const redisOf = (url: string, env = {}) => loadConfig({ REDIS_URL: url, ...env }).redis;

test("a Redis by its parts", () => {
  expect(loadConfig({ REDIS_HOST: "h", REDIS_PORT: "1", REDIS_DB: "2", REDIS_PASSWORD: "p" }).redis).toEqual({
    topology: "single",
    nodes: [{ host: "h", port: 1 }],
    database: 2,
    password: "p",
  });
});

test("an IPv6 address with or without brackets", () => {
  for (const REDIS_HOST of ["::1", "[::1]"])
    expect(loadConfig({ REDIS_HOST }).redis.nodes).toEqual([{ host: "::1", port: 6379 }]);
});

test.each([
  ["redis://h", { topology: "single", nodes: [{ host: "h", port: 6379 }], database: 0 }],
  ["redis://[::1]:1/3", { topology: "single", nodes: [{ host: "::1", port: 1 }], database: 3 }],
  ["redis://u%3A:p%40%2F@h/", { topology: "single", username: "u:", password: "p@/", database: 0 }],
  ["redis://:p@h", { username: undefined, password: "p" }],
  ["valkey://h", { topology: "single", nodes: [{ host: "h", port: 6379 }] }],
  ["valkeys://h", { tls: { ca: undefined } }],
  ["redis://h/0?protocol=3", { database: 0 }],
  ["rediss://:p@h:6380?ssl_cert_reqs=none&db=3", { password: "p", database: 3, tls: { ca: undefined } }],
  ["rediss://h:6380", { topology: "single", tls: { ca: undefined } }],
  [
    "redis+sentinel://u:p@a,b:2/main/4",
    {
      topology: "sentinel",
      nodes: [
        { host: "a", port: 26_379 },
        { host: "b", port: 2 },
      ],
      masterName: "main",
      database: 4,
      username: "u",
      password: "p",
    },
  ],
  [
    "rediss+cluster://a,b:2",
    {
      topology: "cluster",
      nodes: [
        { host: "a", port: 6379 },
        { host: "b", port: 2 },
      ],
      database: 0,
      tls: { ca: undefined },
    },
  ],
])("%s", (url, parts) => {
  expect(redisOf(url)).toMatchObject(parts);
});

test("REDIS_PORT can be the address that Kubernetes and Docker set for a service called redis", () => {
  expect(loadConfig({ REDIS_HOST: "h", REDIS_PORT: "tcp://10.0.0.11:6380" }).redis.nodes).toEqual([
    { host: "h", port: 6380 },
  ]);
});

test.each(["unix:///run/redis.sock?db=0", "redis+socket:///run/redis.sock"])("%s is not supported", (url) => {
  expect(() => redisOf(url)).toThrow("must not be a Unix socket: use redis://host:port");
});

test.each([
  ["http://h"],
  ["redis://"],
  ["redis://a,b"],
  ["redis://h:0"],
  ["redis://h:70000"],
  ["redis://h/geheim"],
  ["redis://h/0/1"],
  ["redis://%zz:geheim@h"],
  ["redis+sentinel://a,b"],
  ["redis+cluster://a,b/1"],
  ["redis+geheim://a"],
])("%s is refused with the valid forms, without quoting the value", (url) => {
  expect(() => redisOf(url)).toThrow(ConfigError);
  expect(() => redisOf(url)).toThrow(
    /^(?![\s\S]*geheim)[\s\S]*redis\+sentinel:\/\/host-1,host-2,host-3\/master-name/,
  );
});

test("the authority of a server's certificate comes from a file", () => {
  const folder = mkdtempSync(join(tmpdir(), "config-"));
  try {
    const file = join(folder, "ca.pem");
    writeFileSync(file, "PEM");
    expect(redisOf("rediss://h", { REDIS_TLS_CA_FILE: file }).tls).toEqual({ ca: "PEM" });
    expect(() => redisOf("rediss://h", { REDIS_TLS_CA_FILE: join(folder, "none") })).toThrow(/ENOENT/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
