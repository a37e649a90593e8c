import { execFileSync } from "node:child_process";
import { expect, onTestFinished, test } from "vitest";
import { startOtlpReceiver } from "../../test/otlp-receiver.ts";
import { startTestServer } from "../../test/test-server.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const CALLER = "b7ad6b7169203331";
const SAID = "the words that no trace has";

async function startTracedServer(env: Record<string, string> = {}) {
  const collector = await startOtlpReceiver();
  onTestFinished(() => collector.close());
  const server = await startTestServer({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, ...env } });
  const ask = async (body: object, headers: Record<string, string> = {}) => {
    const answer = await fetch(`${await server.listen()}/chat`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify({ message: SAID, mode: "stateful", session_id: "s", ...body }),
    });
    return (await answer.json()) as { turn_id: string };
  };
  return { server, collector, ask };
}

test("a turn is a span of the caller's trace by the GenAI conventions, with its beginning and its call, and no content", async () => {
  const { server, collector, ask } = await startTracedServer({
    OTEL_EXPORTER_OTLP_HEADERS: "authorization=Bearer%20of-the-collector",
    OTEL_SERVICE_NAME: "memory-of-the-tests",
  });
  server.openai.scenario = { pieces: ["an ", "answer"], usage: { input: 100, cached: 40, output: 7 } };
  const { turn_id } = await ask({ provider: "chatgpt" }, { traceparent: `00-${TRACE}-${CALLER}-01` });
  await expect.poll(() => collector.spans.length).toBe(3);
  const turn = collector.spans.find(({ name }) => name === "chat gpt-5-mini") ?? expect.fail();
  expect(turn).toMatchObject({ traceId: TRACE, parentId: CALLER, kind: 3, service: "memory-of-the-tests" });
  expect(turn.attributes).toMatchObject({
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": "gpt-5-mini",
    "gen_ai.conversation.id": "s",
    "gen_ai.response.finish_reasons": ["stop"],
    "gen_ai.usage.input_tokens": 100,
    "gen_ai.usage.output_tokens": 7,
    "gen_ai.usage.cache_read.input_tokens": 40,
    "rmm.turn.id": turn_id,
    "rmm.turn.status": "completed",
    "rmm.turn.stored": true,
  });
  expect(Math.abs(turn.endedAt - Date.now())).toBeLessThan(300_000);
  const children = collector.spans.filter(({ parentId }) => parentId === turn.spanId);
  expect(children.map(({ name, events }) => [name, events]).sort()).toEqual([
    ["begin", []],
    ["provider call", ["first text"]],
  ]);
  for (const { startedAt, endedAt } of children) {
    expect(startedAt).toBeGreaterThanOrEqual(turn.startedAt);
    expect(endedAt).toBeGreaterThan(startedAt);
    expect(endedAt).toBeLessThanOrEqual(turn.endedAt);
  }
  const [sent] = collector.requests;
  expect([sent?.path, sent?.headers.authorization]).toEqual(["/v1/traces", "Bearer of-the-collector"]);
  for (const { bytes } of collector.requests) {
    expect(bytes.includes(SAID) || bytes.includes("answer")).toBe(false);
  }
  const line = server.lines.map((text) => JSON.parse(text)).find((fields) => fields.turn_id === turn_id);
  expect(line.trace_id).toBe(TRACE);
});

test("a failed turn is an error by its code; without a traceparent it begins a trace, not sampled there it is in none", async () => {
  const { server, collector, ask } = await startTracedServer();
  server.openai.scenario = { fail: { status: 500, body: { error: { message: "no" } } } };
  await ask({ provider: "chatgpt" });
  await ask({ provider: "mirror" }, { traceparent: `00-${TRACE}-${CALLER}-00` });
  await ask({ provider: "mirror", session_id: "t" }, { traceparent: "00-nonsense" });
  await expect.poll(() => collector.spans.length).toBe(6);
  const turns = collector.spans.filter(({ kind }) => kind === 3);
  expect(turns.map(({ parentId, attributes }) => [parentId, attributes["gen_ai.provider.name"]])).toEqual([
    ["", "openai"],
    ["", "mirror"],
  ]);
  expect(turns[0]).toMatchObject({
    status: { code: 2, message: "provider_failed" },
    attributes: { "error.type": "provider_failed", "rmm.turn.status": "failed" },
  });
  expect(new Set(turns.map(({ traceId }) => traceId)).size).toBe(2);
});

test("an unreachable collector delays neither turns nor the shutdown, and is logged", async () => {
  const { server, collector, ask } = await startTracedServer();
  await collector.close();
  expect(await ask({ provider: "mirror" })).toMatchObject({ status: "completed" });
  await expect.poll(() => server.lines.join("")).toContain("Traces could not be sent");
  expect(await ask({ provider: "mirror" })).toMatchObject({ status: "completed" });
});

test("nothing of OpenTelemetry's SDK is loaded where no collector is named", () => {
  const look = `
    import { registerHooks } from "node:module";
    const loaded = [];
    registerHooks({ resolve: (name, context, next) => { loaded.push(name); return next(name, context); } });
    await import(${JSON.stringify(new URL("../compose.ts", import.meta.url).href)});
    console.log(loaded.filter((name) => name.startsWith("@opentelemetry/")).join());`;
  const printed = execFileSync(process.execPath, ["--input-type=module", "-e", look], {
    encoding: "utf8",
    timeout: 30_000,
  });
  // prom-client brings the API, which is a few constants.
  expect(printed.trim()).toMatch(/^(@opentelemetry\/api)?$/);
});
