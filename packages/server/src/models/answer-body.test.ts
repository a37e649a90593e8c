import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type FakeOpenAi, startFakeOpenAi } from "../../test/fakes/openai.ts";
import { AppError } from "../errors/app-error.ts";
import type { AnswerReader } from "./answer-body.ts";
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

/** Collects the data of the events up to the one that says `end`, or to the end of the stream. */
class Collector implements AnswerReader<string[]> {
  readonly ended = false;
  readonly data: string[] = [];
  alive(): void {}
  whole(body: unknown): string[] {
    return ["whole", JSON.stringify(body)];
  }
  event(data: string): string[] | undefined {
    if (data === "end") return this.data;
    this.data.push(data);
    return undefined;
  }
  end(): string[] {
    return [...this.data, "(end of stream)"];
  }
}

/** What is read of a body that arrives in these packets, on a real socket. */
function read(...packets: (string | Uint8Array)[]): Promise<string[]> {
  fake.scenario = { packets };
  return http.postForAnswer("responses", { stream: true }, () => new Collector(), never);
}

test("many events in one packet", async () => {
  const events = Array.from({ length: 500 }, (_, index) => `event ${index}`);
  const packet = events.map((event) => `data: ${event}\n\n`).join("");
  expect(await read(`${packet}data: end\n\n`)).toEqual(events);
});

test("an event in packets of one byte each, in the middle of a character too", async () => {
  const bytes = Buffer.from('event: x\ndata: {"text":"né 👋"}\n\ndata: end\n\n');
  fake.scenario = { packets: [...bytes].map((byte) => Buffer.of(byte)), delayMs: 1 };
  const data = await http.postForAnswer("responses", { stream: true }, () => new Collector(), never);
  expect(data).toEqual(['{"text":"né 👋"}']);
});

test("lines that end as on Windows, also cut between the two characters", async () => {
  expect(await read("data: one\r\n\r\ndata: two\r", "\n\r", "\ndata: end\r\n\r\n")).toEqual(["one", "two"]);
});

test("a byte order mark, comments, unknown fields, empty events and data over several lines", async () => {
  const body =
    "\uFEFFdata: one\n\n: ping\n\n\n\nfoo: bar\nid: 1\nretry: 10\ndata: two\ndata: lines\n\ndata: end\n\n";
  expect(await read(body)).toEqual(["one", "two\nlines"]);
});

test("an event of a megabyte", async () => {
  const large = "x".repeat(1_000_000);
  expect(await read(`data: ${large}\n\n`, "data: end\n\n")).toEqual([large]);
});

test("a stream without a newline at its end", async () => {
  expect(await read("data: one\n\ndata: end")).toEqual(["one"]);
  expect(await read("data: one\n\ndata: two\n")).toEqual(["one", "two", "(end of stream)"]);
});

test("bytes that are no text", async () => {
  expect(
    await read(Buffer.from([0x64, 0x61, 0x74, 0x61, 0x3a, 0xff, 0xfe, 10, 10]), "data: end\n\n"),
  ).toEqual(["\uFFFD\uFFFD"]);
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
  expect(await read("data: one\n\ndata: end\n\n", "data: later\n\n")).toEqual(["one"]);
  await fake.idle();
  // Until the client has seen the end, too.
  await sleep(50);
  expect(await read("data: end\n\n")).toEqual([]);
  const ports = fake.requests.map((request) => request.clientPort);
  expect(new Set(ports).size).toBe(1);
});

test("an abort at one of its events leaves the others of the packet unread", async () => {
  const abort = new AbortController();
  const reader = new Collector();
  const event = reader.event.bind(reader);
  reader.event = (data) => {
    abort.abort(new Error("enough"));
    return event(data);
  };
  fake.scenario = { packets: ["data: one\n\ndata: two\n\ndata: end\n\n"] };
  await expect(http.postForAnswer("responses", { stream: true }, () => reader, abort.signal)).rejects.toThrow(
    "enough",
  );
  expect(reader.data).toEqual(["one"]);
});

test("a stream that does not end after its last event is closed", async () => {
  fake.scenario = { packets: ["data: end\n\n", "data: later\n\n"], delayMs: 60_000 };
  expect(await http.postForAnswer("responses", { stream: true }, () => new Collector(), never)).toEqual([]);
  await fake.idle();
  expect(fake.last.outcome).toBe("aborted");
});
