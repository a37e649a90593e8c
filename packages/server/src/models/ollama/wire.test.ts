import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AnswerRecorder } from "../../../test/answer-recorder.ts";
import { SERVER_ANSWERS } from "../../../test/fakes/server-answers.ts";
import { AppError } from "../../errors/app-error.ts";
import { AnswerBodyReader } from "../answer-body.ts";
import { CompletionReader } from "./wire.ts";

/** What comes of a body that arrives in these packets. */
function readPackets(packets: readonly Uint8Array[]) {
  const sink = new AnswerRecorder();
  const reader = new AnswerBodyReader(new CompletionReader(sink, []), new AbortController().signal);
  let end: object;
  try {
    let completion: object | undefined;
    for (const packet of packets) completion ??= reader.chunk(Buffer.from(packet));
    end = completion ?? reader.end();
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    end = { fails: error.code, said: error.provider?.message };
  }
  const tools = sink.calls.map(({ name, arguments: args }) => ({ name, arguments: args }));
  return { text: sink.answer, reasoning: sink.reasoned, tools, end };
}
const readWhole = (body: string) => readPackets([Buffer.from(body)]);

describe.each(SERVER_ANSWERS)("$server: $deviation", ({ body, read: expected }) => {
  test("is read", () => {
    const { text, reasoning, tools, end } = readWhole(body);
    expect(text).toBe(expected.text ?? "");
    if ("fails" in expected) {
      expect(end).toMatchObject({ fails: expected.fails });
      if (expected.said) expect(end).toMatchObject({ said: expect.stringMatching(expected.said) });
      return;
    }
    expect(reasoning).toBe(expected.reasoning ?? "");
    expect(end).toEqual({ finishReason: expected.finish, usage: expected.usage ?? null });
    expect(tools).toEqual(expected.tools ?? []);
  });

  test("is read the same however its bytes are cut", () => {
    const bytes = Buffer.from(body);
    const whole = readWhole(body);
    fc.assert(
      fc.property(fc.array(fc.nat(bytes.length), { maxLength: 12 }), (cuts) => {
        const at = [0, ...cuts.toSorted((a, b) => a - b), bytes.length];
        const packets = at.slice(1).map((end, n) => bytes.subarray(at[n], end));
        expect(readPackets(packets)).toEqual(whole);
      }),
      { numRuns: 50 },
    );
  });

  test("is read the same with its fields in any order and lines that end as on Windows", () => {
    const whole = readWhole(body);
    fc.assert(
      fc.property(fc.infiniteStream(fc.nat(9)), (numbers) => {
        const shuffled = body.replace(/\{.*\}/g, (json) =>
          JSON.stringify(shuffle(JSON.parse(json), numbers)),
        );
        expect(readWhole(shuffled)).toEqual(whole);
        expect(readWhole(shuffled.replaceAll("\n", "\r\n"))).toEqual(whole);
      }),
      { numRuns: 30 },
    );
  });

  test("is read the same without any of the fields that are not read", () => {
    const whole = readWhole(body);
    // Only by their index the pieces of calls that come mixed can be told apart.
    const index = body.includes('"index":1') ? [] : ["index"];
    const fields = ["id", "object", "created", "model", "total_tokens", "timings", "cost", "role", ...index];
    fc.assert(
      fc.property(fc.subarray(fields), (left) => {
        const without = body.replace(/\{.*\}/g, (json) =>
          json.includes('"object":"error"')
            ? json
            : JSON.stringify(JSON.parse(json), (name, value) => (left.includes(name) ? undefined : value)),
        );
        expect(readWhole(without)).toEqual(whole);
      }),
      { numRuns: 30 },
    );
  });

  test("is read the same with fields that are not known", () => {
    const whole = readWhole(body);
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 2 }), (value) => {
        const more = body.replace(/\{.*\}/g, (json) =>
          JSON.stringify({ x_unknown: value, ...JSON.parse(json) }),
        );
        expect(readWhole(more)).toEqual(whole);
      }),
      { numRuns: 30 },
    );
  });
});

/** The same value with the fields of its objects in another order. */
function shuffle(value: unknown, numbers: Iterator<number>): unknown {
  if (Array.isArray(value)) return value.map((item) => shuffle(item, numbers));
  if (typeof value !== "object" || value === null) return value;
  const fields = Object.entries(value).map(([name, field]) => [name, shuffle(field, numbers)] as const);
  const ranked = fields.map((field) => ({ field, rank: numbers.next().value ?? 0 }));
  return Object.fromEntries(ranked.toSorted((a, b) => a.rank - b.rank).map(({ field }) => field));
}

test("no body of any bytes does anything but end or fail by a known code", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 40 })), (packets) => {
      const { end } = readPackets(packets);
      if ("fails" in end) expect(end.fails).toMatch(/^provider_/);
    }),
  );
  const anything = fc.anything({ maxDepth: 3 });
  fc.assert(
    fc.property(fc.array(fc.record({ choices: anything, error: anything, usage: anything })), (events) => {
      const body = events.map((event) => `data: ${JSON.stringify(event) ?? "null"}\n\n`).join("");
      const { end } = readWhole(body);
      if ("fails" in end) expect(end.fails).toMatch(/^provider_/);
    }),
  );
});
