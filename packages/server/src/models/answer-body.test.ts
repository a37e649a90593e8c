import { setImmediate as nextTurn } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type FakeOpenAi, startFakeOpenAi } from "../../test/fakes/openai.ts";
import { AppError } from "../errors/app-error.ts";
import type { AnswerReader } from "./answer-body.ts";
import { providerFailure } from "./provider-failure.ts";
import { ProviderHttp } from "./provider-http.ts";

let fake: FakeOpenAi;
let http: ProviderHttp;
const never = new AbortController().signal;

beforeEach(async () => {
  fake = await startFakeOpenAi();
  http = new ProviderHttp({ baseUrl: fake.url, apiKey: "" });
});
afterEach(async () => {
  await http.close();
  await fake.close();
});

/** Collects the values of the events up to `[DONE]`, or to the end of the stream. */
class Collector implements AnswerReader<unknown[]> {
  readonly ended = false;
  readonly data: unknown[] = [];
  packetEnd(): void {}
  whole(body: unknown): unknown[] {
    return ["whole", body];
  }
  event(value: unknown): undefined {
    this.data.push(value);
  }
  done(): unknown[] {
    return this.data;
  }
  end(): unknown[] {
    return [...this.data, "(end of stream)"];
  }
}

/** What is read of a body that arrives in these packets, on a real socket. */
function read(...packets: (string | Uint8Array)[]): Promise<unknown[]> {
  fake.scenario = { packets };
  return http.postForAnswer("responses", { stream: true }, () => new Collector(), never);
}

test("many events in one packet", async () => {
  const events = Array.from({ length: 500 }, (_, index) => `event ${index}`);
  const packet = events.map((event) => `data: "${event}"\n\n`).join("");
  expect(await read(`${packet}data: [DONE]\n\n`)).toEqual(events);
});

test("an event in packets of one byte each, in the middle of a character too", async () => {
  const bytes = Buffer.from('event: x\ndata: {"text":"né 👋"}\n\ndata: [DONE]\n\n');
  fake.scenario = { packets: [...bytes].map((byte) => Buffer.of(byte)), delayMs: 1 };
  const data = await http.postForAnswer("responses", { stream: true }, () => new Collector(), never);
  expect(data).toEqual([{ text: "né 👋" }]);
});

test("lines that end as on Windows, also cut between the two characters", async () => {
  expect(await read("data: 1\r\n\r\ndata: 2\r", "\n\r", "\ndata: [DONE]\r\n\r\n")).toEqual([1, 2]);
});

test("a byte order mark, comments, unknown fields, empty events and data over several lines", async () => {
  const body =
    '\uFEFFdata: 1\n\n: ping\n\n\n\nfoo: bar\nid: 1\nretry: 10\ndata: {"two":\ndata: "lines"}\n\ndata: [DONE]\n\n';
  expect(await read(body)).toEqual([1, { two: "lines" }]);
});

test("events that no empty line parts, and lines that end with a carriage return", async () => {
  expect(await read('data: {"n":1}\ndata: {"n":2}\n', "data: [DONE]\n\n")).toEqual([{ n: 1 }, { n: 2 }]);
  expect(await read("data: 1\r\rdata: 2\r\rdata: [DONE]\r\r")).toEqual([1, 2]);
});

test("events that a framework has put into events, with their field's name", async () => {
  expect(await read('data:data: {"n":1}\n\n\n', "data:data: [DONE]\n\n\n")).toEqual([{ n: 1 }]);
});

test.each([
  "data: : keepalive",
  "data: ping",
  "data: 2024-04-07 20:20:50.55",
  "data: Still processing...",
  "data: [INFO] queue: 3",
  "[INFO] queue: 3",
  'data: ""',
  "data:",
  "beep: 1",
])("%j among the events is only a sign of life", async (line) => {
  const values = await read(`${line}\n\ndata: 1\n\n${line}\n\ndata: [DONE]\n\n`);
  expect(values.filter((value) => value !== "")).toEqual([1]);
});

test("errors that are no event", async () => {
  const error = { code: 500, message: "Out of memory" };
  for (const line of [
    `error: ${JSON.stringify(error)}\n\n`,
    `event: error\ndata: ${JSON.stringify(error)}\n\n`,
  ])
    expect(await read(`data: 1\n\n${line}`)).toEqual([1, { error }, "(end of stream)"]);
  expect(await read(`data: 1\n\n{"error":"in a line"}\n`)).toEqual([
    1,
    { error: "in a line" },
    "(end of stream)",
  ]);
  expect(await read("[1, 2]")).toEqual([1, 2, "(end of stream)"]);
});

/** Its stream broke off where there is no end mark. */
class BrokenOff extends Collector {
  override end(): never {
    throw providerFailure("provider_broke_off");
  }
}

test.each([
  "data: Error processing request: out of memory",
  "data: The ping of the worker was lost",
  "data: [ERROR] no GPU",
  "[ERROR] no GPU",
])("%j is the reason of an answer that broke off", async (line) => {
  fake.scenario = { packets: [`${line}\n\n`, "data: ping\n\n"] };
  const values = await http.postForAnswer("responses", { stream: true }, () => new BrokenOff(), never);
  expect(values).toEqual(["whole", { error: line.replace("data: ", "") }]);
});

test.each([
  ["data: ping\n\n", "provider_broke_off"],
  ['data: 1\n\ndata: {"text": "Hel\n\ndata: [DONE]\n\n', "provider_failed"],
  ['{\n  "text": "Hel', "provider_failed"],
])("%j is no whole answer", async (body, code) => {
  fake.scenario = { packets: [body] };
  await expect(
    http.postForAnswer("responses", { stream: true }, () => new BrokenOff(), never),
  ).rejects.toMatchObject({ code });
});

test("an event of a megabyte", async () => {
  const large = "x".repeat(1_000_000);
  expect(await read(`data: "${large}"\n\n`, "data: [DONE]\n\n")).toEqual([large]);
});

test("a stream without a newline at its end", async () => {
  expect(await read("data: 1\n\ndata: [DONE]")).toEqual([1]);
  expect(await read("data: 1\n\ndata: 2\n")).toEqual([1, 2, "(end of stream)"]);
});

test("bytes that are no text", async () => {
  const bytes = Buffer.from([...Buffer.from('data: "'), 0xff, 0xfe, ...Buffer.from('"\n\n')]);
  expect(await read(bytes, "data: [DONE]\n\n")).toEqual(["\uFFFD\uFFFD"]);
});

test("an event without an end is given up, and its memory with it", async () => {
  fake.scenario = { packets: Array.from({ length: 60 }, () => `data: ${"x".repeat(1_000_000)}`), delayMs: 0 };
  const failure = await http
    .postForAnswer("responses", { stream: true }, () => new Collector(), never)
    .catch((error) => error);
  expect(failure).toBeInstanceOf(AppError);
  expect(failure.code).toBe("provider_failed");
  await fake.idle();
  expect(fake.last.outcome).toBe("aborted");
});

test("what comes after the last event that matters is not read, and the connection is used again", async () => {
  expect(await read("data: 1\n\ndata: [DONE]\n\n", "data: 3\n\n")).toEqual([1]);
  await fake.idle();
  // Until the client has seen the end, too: what is on its socket is read before an event loop's next immediates.
  for (let turns = 0; turns < 3; turns++) await nextTurn();
  expect(await read("data: [DONE]\n\n")).toEqual([]);
  const ports = fake.requests.map((request) => request.clientPort);
  expect(new Set(ports).size).toBe(1);
});

test("an abort at one of its events leaves the others of the packet unread", async () => {
  const abort = new AbortController();
  const reader = new Collector();
  const event = reader.event.bind(reader);
  reader.event = (value) => {
    abort.abort(new Error("enough"));
    return event(value);
  };
  fake.scenario = { packets: ["data: 1\n\ndata: 2\n\ndata: [DONE]\n\n"] };
  await expect(http.postForAnswer("responses", { stream: true }, () => reader, abort.signal)).rejects.toThrow(
    "enough",
  );
  expect(reader.data).toEqual([1]);
});

test("a stream that does not end after its last event is closed", async () => {
  fake.scenario = { packets: ["data: [DONE]\n\n", "data: 3\n\n"], delayMs: 60_000 };
  expect(await http.postForAnswer("responses", { stream: true }, () => new Collector(), never)).toEqual([]);
  await fake.idle();
  expect(fake.last.outcome).toBe("aborted");
});
