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

/** A reader whose packets have one chunk each. */
function readChunks(sink: AnswerRecorder, reasoningIsOpen = false) {
  const answer = new CompletionReader(sink, [], reasoningIsOpen);
  const reader = new AnswerBodyReader(answer, new AbortController().signal);
  const data = (delta: object, finish_reason: string | null) =>
    `data: ${JSON.stringify({ choices: [{ delta, finish_reason }] })}\n\n`;
  return {
    reader,
    /** Reads a packet with these pieces of text, or with another delta. */
    read: (delta: readonly string[] | object, reason: string | null = null) => {
      const deltas = Array.isArray(delta) ? delta.map((content) => ({ content })) : [delta];
      return reader.chunk(Buffer.from(deltas.map((one) => data(one, reason)).join("")));
    },
  };
}

test("the text of a packet is passed on at its end, in one piece", () => {
  const sink = new AnswerRecorder();
  const { read } = readChunks(sink);
  read(["Hel", "lo ", "Bob"]);
  expect(sink.pieces).toEqual(["Hello Bob"]);
  read(["!"]);
  expect(sink.pieces).toEqual(["Hello Bob", "!"]);
});

test("text is passed on before an error in the same packet", () => {
  const sink = new AnswerRecorder();
  const { reader } = readChunks(sink);
  const text = 'data: {"choices":[{"delta":{"content":"So far"}}]}\n\n';
  expect(() => reader.chunk(Buffer.from(`${text}data: {"error":{"message":"no"}}\n\n`))).toThrow(AppError);
  expect(sink.pieces).toEqual(["So far"]);
});

test("text is passed on at once behind reasoning that the server separates, also if the template opens a tag", () => {
  const sink = new AnswerRecorder();
  const { read } = readChunks(sink, true);
  read({ reasoning: "Hm." });
  read(["Y"]);
  expect(sink.pieces).toEqual(["Y"]);
});

/** After each chunk, whether the answer seems to be over, so that an open connection is not waited for. */
function endedAfter(...choices: readonly (readonly [delta: object, reason?: string])[]): boolean[] {
  const { reader, read } = readChunks(new AnswerRecorder());
  return choices.map(([delta, reason]) => {
    read(delta, reason);
    return reader.ended;
  });
}

test("an answer is over at its reason, but not for a gateway that gives every chunk one", () => {
  expect(endedAfter([{ content: "Hi" }], [{}, "stop"], [{}])).toEqual([false, true, true]);
  expect(endedAfter([{}, "stop"], [{ reasoning: "Hm" }, "stop"], [{ content: "Hi" }])).toEqual([
    false,
    false,
    false,
  ]);
  expect(endedAfter([{ content: "A" }, "null"], [{ content: "B" }, "stop"])).toEqual([false, true]);
  expect(endedAfter([{ content: "A" }, "stop"], [{ content: "B" }, "stop"], [{}, "stop"])).toEqual([
    true,
    false,
    true,
  ]);
  expect(endedAfter([{ reasoning: "Hm" }], [{}, "length"])).toEqual([false, true]);
});

test.each([
  ["content-filter", "content_filter"],
  ["guardrail_intervened", "content_filter"],
  ["IMAGE_SAFETY", "content_filter"],
  ["max-tokens", "length"],
  ["token_limit", "length"],
  ["end_turn", "complete"],
  ["STOP_SEQUENCE", "complete"],
])("the reason %s is %s", (reason, finishReason) => {
  const body = `data: ${JSON.stringify({ choices: [{ delta: { content: "Hi" }, finish_reason: reason }] })}\n\n`;
  expect(readWhole(body).end).toMatchObject({ finishReason });
});

test.each(["MALFORMED_FUNCTION_CALL", "timeout", "server_error", "rate_limit_exceeded", "quota_limit"])(
  "the reason %s is a failure",
  (reason) => {
    const body = `data: ${JSON.stringify({ choices: [{ delta: { content: "Hi" }, finish_reason: reason }] })}\n\n`;
    expect(readWhole(body).end).toMatchObject({ fails: "provider_failed" });
  },
);

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
