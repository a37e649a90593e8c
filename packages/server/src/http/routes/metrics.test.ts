import { expect, onTestFinished, test } from "vitest";
import { RedisProcess } from "../../../test/faults/redis-process.ts";
import { startTestServer, type TestServer } from "../../../test/test-server.ts";

const TOKEN = "a-token-of-the-tests";

/** Series by name and labels, as Prometheus would read them. */
async function metricsOf(server: TestServer): Promise<Map<string, number>> {
  const { statusCode, body } = await server.inject("GET", "/metrics");
  expect(statusCode).toBe(200);
  const series = body.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(
    series.map((line) => {
      const space = line.lastIndexOf(" ");
      return [line.slice(0, space), Number(line.slice(space + 1))] as const;
    }),
  );
}

const ask = (server: TestServer, body: object) =>
  server.inject("POST", "/chat", { message: "Hi", mode: "stateful", session_id: "s", ...body });

test("counts an answer whose reported usage cannot be right", async () => {
  const server = await startTestServer();
  server.openai.scenario = { usage: { input: 10, cached: 1_000_000, output: 0 } };
  expect((await ask(server, { provider: "chatgpt" })).statusCode).toBe(200);
  const metrics = await metricsOf(server);
  expect(metrics.get('rmm_cost_usd_total{provider="chatgpt",model="gpt-5-mini"}')).toBeGreaterThan(0);
});

test("turns are counted by provider, mode and end, with tokens, cost and times", async () => {
  const server = await startTestServer();
  server.openai.scenario = { usage: { input: 1000, cached: 400, output: 100 } };
  const answered = await ask(server, { provider: "chatgpt" });
  expect(answered.statusCode).toBe(200);
  server.openai.scenario = { fail: { status: 500, body: { error: { message: "no" } } } };
  await ask(server, { provider: "chatgpt" });
  const metrics = await metricsOf(server);
  const turn = 'provider="chatgpt",mode="stateful"';
  const model = 'provider="chatgpt",model="gpt-5-mini"';
  expect(metrics.get(`rmm_turns_total{${turn},status="completed"}`)).toBe(1);
  expect(metrics.get(`rmm_turns_total{${turn},status="failed"}`)).toBe(1);
  expect(metrics.get(`rmm_turns_total{${turn},status="interrupted"}`)).toBe(0);
  expect(metrics.get('rmm_turn_failures_total{provider="chatgpt",code="provider_failed"}')).toBe(1);
  expect(metrics.get(`rmm_tokens_total{${model},kind="input"}`)).toBe(1000);
  expect(metrics.get(`rmm_tokens_total{${model},kind="cached"}`)).toBe(400);
  expect(metrics.get(`rmm_tokens_total{${model},kind="output"}`)).toBe(100);
  expect(metrics.get(`rmm_turn_first_text_seconds_count{${turn}}`)).toBe(1);
  expect(metrics.get(`rmm_turn_duration_seconds_count{${turn}}`)).toBe(2);
  const { turn_id } = answered.json();
  const told = (await server.inject("GET", `/sessions/s/turns/${turn_id}`)).json().report.cost.total_usd;
  expect(told).toBeGreaterThan(0);
  expect(metrics.get(`rmm_cost_usd_total{${model}}`)).toBe(told);
  expect(metrics.get('rmm_problems_total{code="provider_failed"}')).toBe(1);
  expect(metrics.get("rmm_redis_script_seconds_count")).toBeGreaterThanOrEqual(4);
  expect(metrics.get("rmm_redis_up")).toBe(1);
  expect(metrics.get('rmm_provider_available{provider="chatgpt"}')).toBe(1);
  expect(metrics.get("nodejs_eventloop_lag_p99_seconds")).toBeGreaterThanOrEqual(0);
  expect(metrics.get("process_resident_memory_bytes")).toBeGreaterThan(1e7);
});

test("a model's name that a request made up, sessions and owners are in no label", async () => {
  const server = await startTestServer();
  for (let n = 0; n < 20; n++) {
    await ask(server, { provider: "chatgpt", model: `made-up-${n}`, session_id: `session-${n}` });
  }
  const names = [...(await metricsOf(server)).keys()].join("\n");
  expect(names).toContain('rmm_tokens_total{provider="chatgpt",model="other",kind="input"}');
  expect(names).not.toMatch(/made-up|session-|local/);
});

test("truncation is counted when it is suspected", async () => {
  const server = await startTestServer();
  server.openai.scenario = { usage: { input: 7, output: 3 } };
  await ask(server, { provider: "chatgpt", message: "word ".repeat(300) });
  const metrics = await metricsOf(server);
  expect(metrics.get('rmm_truncations_suspected_total{provider="chatgpt",model="gpt-5-mini"}')).toBe(1);
});

test("gauges of running turns, streams and provider slots rise and fall", async () => {
  const server = await startTestServer({ env: { PROVIDER_CONCURRENCY: "ollama=1" } });
  const base = await server.listen();
  const left = new AbortController();
  const scenario = { words: 1000, delayMs: 20 };
  const streams = await Promise.all(
    ["a", "b"].map((session_id) => {
      server.ollama.scenario = scenario;
      return fetch(`${base}/chat`, {
        method: "POST",
        headers: { "content-type": "application/json", accept: "text/event-stream" },
        body: JSON.stringify({ message: "Hi", mode: "stateless", provider: "ollama", session_id }),
        signal: left.signal,
      });
    }),
  );
  expect(streams.map(({ status }) => status)).toEqual([200, 200]);
  const now = async () => {
    const metrics = await metricsOf(server);
    return [
      "rmm_turns_running",
      "rmm_streams_open",
      'rmm_provider_calls{provider="ollama",state="running"}',
      'rmm_provider_calls{provider="ollama",state="waiting"}',
    ].map((name) => metrics.get(name));
  };
  await expect.poll(now).toEqual([2, 2, 1, 1]);
  left.abort();
  // A client that disconnects does not end its turn.
  await expect.poll(now).toEqual([2, 0, 1, 1]);
  for (const session_id of ["a", "b"]) await server.inject("POST", "/clear-session", { session_id });
  await expect.poll(now).toEqual([0, 0, 0, 0]);
});

test("without authentication the metrics are this machine's, as all else is", async () => {
  const server = await startTestServer();
  expect((await server.inject("GET", "/metrics")).headers["content-type"]).toMatch(/^text\/plain; version=0/);
  const foreign = await server.inject("GET", "/metrics", undefined, { host: "backend:9090" });
  expect([foreign.statusCode, foreign.json().code]).toEqual([403, "foreign_host"]);
});

test("with METRICS_TOKEN, only callers with the token can read them, under any host name", async () => {
  for (const env of [{ AUTH: "keys", METRICS_TOKEN: TOKEN }, { METRICS_TOKEN: TOKEN }]) {
    const server = await startTestServer({ env });
    const read = (headers: Record<string, string>) =>
      server.inject("GET", "/metrics", undefined, { host: "10.0.0.7:9090", ...headers });
    expect((await read({ authorization: `Bearer ${TOKEN}` })).statusCode).toBe(200);
    expect((await read({ authorization: `Bearer ${TOKEN}s` })).statusCode).toBe(401);
    expect((await read({})).headers["www-authenticate"]).toContain("Bearer");
    expect((await read({})).body).not.toContain("rmm_");
    // A wrong token is logged without its value; a request without a token is not.
    const refused = server.lines.filter((line) => line.includes('"event":"login_refused"'));
    expect(refused).toHaveLength(1);
    expect(server.lines.join()).not.toContain(TOKEN);
  }
});

test("with authentication and no token no caller can read them, even with an API key", async () => {
  const server = await startTestServer({ env: { AUTH: "keys" } });
  const { key } = await server.apiKeys.create({ owner: "alice" });
  const answer = await server.inject("GET", "/metrics", undefined, { authorization: `Bearer ${key}` });
  expect([answer.statusCode, answer.json().detail]).toEqual([
    404,
    "Metrics are not served: METRICS_TOKEN is not set.",
  ]);
});

test("readiness names what is missing; a provider that is away takes no server out of rotation", async () => {
  const server = await startTestServer({ env: { OPENAI_API_KEY: "" } });
  await server.ollama.close();
  const ready = async () => {
    const { statusCode, body } = await server.inject("GET", "/health/ready");
    return [statusCode, JSON.parse(body)];
  };
  // The first read does not wait for a probe; the next one has its result.
  await expect.poll(ready).toEqual([200, { status: "ready", missing: ["provider"] }]);
  const client = server.redis.client as unknown as { destroy(): void; connect(): Promise<unknown> };
  client.destroy();
  const reason = "Redis does not answer.";
  expect(await ready()).toEqual([503, { status: "not_ready", missing: ["redis", "provider"], reason }]);
  expect((await ask(server, { provider: "mirror" })).statusCode).toBe(503);
  const metrics = await metricsOf(server);
  expect(metrics.get("rmm_redis_up")).toBe(0);
  expect(metrics.get("rmm_redis_errors_total")).toBeGreaterThan(0);
  expect(metrics.get('rmm_problems_total{code="storage_unavailable"}')).toBe(1);
  await client.connect();
  await expect.poll(ready).toEqual([200, { status: "ready", missing: ["provider"] }]);
});

test("a Redis that is connected and does not answer counts as away", async () => {
  const redis = await RedisProcess.start();
  onTestFinished(() => redis.stop());
  const server = await startTestServer({ env: { REDIS_URL: redis.url } });
  expect((await metricsOf(server)).get("rmm_redis_up")).toBe(1);
  redis.freeze();
  expect((await server.inject("GET", "/health/ready")).statusCode).toBe(503);
  expect((await metricsOf(server)).get("rmm_redis_up")).toBe(0);
});

test("reports Redis' used share of memory before it refuses writes", async () => {
  const redis = await RedisProcess.start({ args: ["--maxmemory", "32mb"] });
  onTestFinished(() => redis.stop());
  const server = await startTestServer({ env: { REDIS_URL: redis.url } });
  const used = async () => (await metricsOf(server)).get("rmm_redis_memory_used_ratio") ?? Number.NaN;
  const before = await used();
  await redis.command("SET", "ballast", "x".repeat(8 * 2 ** 20));
  expect((await used()) - before).toBeGreaterThan(0.2);
  expect(await used()).toBeLessThan(1);
  await redis.command("CONFIG", "SET", "maxmemory", "0");
  expect(await used()).toBeLessThan(before);
  redis.freeze();
  expect(await used()).toBeNaN();
});
