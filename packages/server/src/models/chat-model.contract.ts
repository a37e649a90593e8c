import { setTimeout as sleep } from "node:timers/promises";
import { usage } from "@redis-memory-magic/protocol";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { AnswerRecorder } from "../../test/answer-recorder.ts";
import { anyItem } from "../../test/any-item.ts";
import { within } from "../../test/within.ts";
import type { ChatModel, ModelRequest } from "../chat/chat-model.ts";
import { type ContextItem, joinAnswers } from "../chat/context-item.ts";
import type { ModelSetting, ModelSettings } from "../chat/model-settings.ts";
import { normalizePrompt } from "../chat/normalize-prompt.ts";
import { AppError } from "../errors/app-error.ts";

/** What an adapter's test brings, made anew for each test. */
export interface ChatModelUnderTest {
  readonly model: ChatModel;
  /** Two different questions. The same question gets the same answer, alone or beside others. */
  readonly questions: readonly [ModelRequest, ModelRequest];
  /** Takes several seconds to answer, in pieces with pauses before and between them: time to abort it. */
  readonly slowQuestion: ModelRequest;
  /** A question whose answer holds `text`. */
  readonly questionAbout?: (text: string) => ModelRequest;
  /** A question that is answered with exactly this. */
  readonly answeredWith?: (answer: AnswerToMake) => ModelRequest;
  /** What reached the provider last, as the provider saw it. */
  readonly received?: () => Received;
  /** The provider's API has no phases, so that messages of the assistant are joined. */
  readonly joinsAnswers?: true;
  /** Resolves when no work is under way at the provider. */
  readonly idle?: () => Promise<void>;
  /** The same adapter before a provider that cannot be reached. */
  readonly unreachable?: () => Promise<ChatModel>;
  /** A secret that must be seen nowhere but in the request's headers. */
  readonly secret?: string;
  /** Ends what the test itself started. The model is closed before. */
  readonly close: () => Promise<void>;
}

/** What a provider is to answer, in the pieces that it comes in. */
export interface AnswerToMake {
  readonly reasoning?: readonly string[];
  readonly pieces?: readonly string[];
  readonly refusal?: readonly string[];
  readonly toolCalls?: readonly {
    readonly id: string;
    readonly name: string;
    readonly arguments: readonly string[];
  }[];
}

export interface Received {
  readonly url: string;
  readonly body: unknown;
  readonly system: string;
  readonly items: readonly ContextItem[];
}

/** What of an item crosses the wire: the text of parts is in the parts. */
const onTheWire = (item: ContextItem): object => {
  if (item.type === "function_call") return { ...item, sources: undefined };
  const { content, parts = content } = item;
  return { ...item, sources: undefined, content: undefined, parts };
};

type Optional = "questionAbout" | "answeredWith" | "received" | "idle" | "unreachable";

/** Only an answer that hangs takes longer. Deadlines of this product are longer than this. */
const PROMPTLY_MS = 15_000;

/**
 * Holds an adapter to the port. `exceptions` names what its test does not bring, each with the reason;
 * the tests that need it are skipped and say so.
 */
export function describeChatModel(
  name: string,
  setUp: () => Promise<ChatModelUnderTest>,
  exceptions: Partial<Record<Optional, string>> = {},
): void {
  describe(`${name} as a ChatModel`, () => {
    let subject: ChatModelUnderTest;
    const never = new AbortController().signal;

    beforeEach(async () => {
      subject = await setUp();
    });
    afterEach(async () => {
      await subject.model.close();
      await subject.close();
    });

    /** A test of something that an adapter may be excused from. */
    const testWith = <Key extends Optional>(
      key: Key,
      title: string,
      body: (part: NonNullable<ChatModelUnderTest[Key]>) => Promise<void>,
    ): void => {
      const reason = exceptions[key];
      if (reason !== undefined) {
        test.skip(`${title} (not here: ${reason})`, () => {});
        return;
      }
      test(title, async () => {
        const part = subject[key];
        if (part === undefined) throw new Error(`The test of ${name} brings no ${key} and gives no reason.`);
        await body(part);
      });
    };

    test("streams its answer to the sink and resolves with how it ended", async () => {
      const sink = new AnswerRecorder();
      const completion = await subject.model.generate(subject.questions[0], sink, never);
      expect(sink.answer).not.toBe("");
      expect(completion.finishReason).toBe("complete");
      if (completion.usage !== null) expect(usage.parse(completion.usage).output_tokens).toBeGreaterThan(0);
      await expectSilence(sink);
    });

    test("sends a slow answer in pieces, as they come", async () => {
      const abort = new AbortController();
      const sink = new AnswerRecorder((pieces) => {
        if (pieces.length === 3) abort.abort();
      });
      await expect(subject.model.generate(subject.slowQuestion, sink, abort.signal)).rejects.toThrow();
      expect(sink.pieces).toHaveLength(3);
      expect(sink.pieces).not.toContain("");
    });

    test("does not mix the answers to concurrent questions", async () => {
      const ask = async (request: ModelRequest): Promise<string> => {
        const sink = new AnswerRecorder();
        await subject.model.generate(request, sink, never);
        return sink.answer;
      };
      const [first, second] = subject.questions;
      const alone = [await ask(first), await ask(second)];
      expect(alone[0]).not.toBe(alone[1]);
      const together = await Promise.all([ask(first), ask(second), ask(first), ask(second)]);
      expect(together).toEqual([...alone, ...alone]);
    });

    test("asks nothing when aborted before", async () => {
      const sink = new AnswerRecorder();
      const reason = new Error("aborted before");
      await expect(
        subject.model.generate(subject.questions[0], sink, AbortSignal.abort(reason)),
      ).rejects.toBe(reason);
      await expectSilence(sink);
      expect(sink.pieces).toEqual([]);
    });

    test("ends at once when aborted before the first word", async () => {
      const sink = new AnswerRecorder();
      const abort = new AbortController();
      const reason = new Error("aborted at the start");
      const answer = subject.model.generate(subject.slowQuestion, sink, abort.signal);
      setTimeout(() => abort.abort(reason), 20);
      await expect(promptly(answer)).rejects.toBe(reason);
      await expectSilence(sink);
    });

    test("ends at once when its sink aborts it in mid-answer", async () => {
      const abort = new AbortController();
      const reason = new Error("aborted in mid-answer");
      const sink = new AnswerRecorder(() => abort.abort(reason));
      await expect(subject.model.generate(subject.slowQuestion, sink, abort.signal)).rejects.toBe(reason);
      expect(sink.pieces).toHaveLength(1);
      await expectSilence(sink);
    });

    testWith("idle", "ends the provider's work when aborted", async (idle) => {
      const abort = new AbortController();
      const sink = new AnswerRecorder(() => abort.abort());
      await expect(subject.model.generate(subject.slowQuestion, sink, abort.signal)).rejects.toThrow();
      await promptly(idle());
    });

    test("answers the next question after one was aborted", async () => {
      const abort = new AbortController();
      const aborted = subject.model.generate(
        subject.slowQuestion,
        new AnswerRecorder(() => abort.abort()),
        abort.signal,
      );
      await expect(aborted).rejects.toThrow();
      const sink = new AnswerRecorder();
      await subject.model.generate(subject.questions[0], sink, never);
      expect(sink.answer).not.toBe("");
    });

    testWith("questionAbout", "keeps every character whole", async (questionAbout) => {
      const text = "Grüße, 世界, שלום, 👩‍👩‍👧‍👦🇪🇺, e\u0301, line\u2028separator, \\u0041, </script>";
      const sink = new AnswerRecorder();
      await subject.model.generate(questionAbout(text), sink, never);
      expect(sink.answer).toContain(text);
      expect(sink.pieces.every((piece) => piece.isWellFormed())).toBe(true);
    });

    testWith("received", "sends the system prompt and the history, oldest first", async (received) => {
      const items: ContextItem[] = [
        { role: "user", content: "My name is Bob" },
        { role: "assistant", content: "Hello Bob" },
        { role: "user", content: "What's my name?" },
      ];
      const request = { ...subject.questions[0], system: "Answer briefly.", items };
      await subject.model.generate(request, new AnswerRecorder(), never);
      expect(received()).toMatchObject({ system: "Answer briefly.", items });
    });

    testWith("received", "sends no system prompt when there is none", async (received) => {
      await subject.model.generate({ ...subject.questions[0], system: "" }, new AnswerRecorder(), never);
      expect(received().system).toBe("");
      expect(received().items).toEqual(subject.questions[0].items);
    });

    testWith("received", "shows the request as it was sent, without its key", async (received) => {
      const request = { ...subject.questions[0], system: "Answer briefly." };
      const shown = subject.model.wireRequest(request);
      await subject.model.generate(request, new AnswerRecorder(), never);
      expect(shown).toEqual({ method: "POST", url: received().url, body: received().body });
      if (subject.secret !== undefined) expect(JSON.stringify(shown)).not.toContain(subject.secret);
    });

    testWith("received", "sends images, calls and their outputs as its API has them", async (received) => {
      const image = { type: "image", url: "data:image/png;base64,iVBORw0KGgo=" } as const;
      const items: ContextItem[] = [
        { role: "user", content: "Where is this?", parts: [{ type: "text", text: "Where is this?" }, image] },
        { role: "assistant", content: "Let me look." },
        { type: "function_call", callId: "call_1", name: "look", arguments: '{"at":1}' },
        { type: "function_call", callId: "call_2", name: "look", arguments: "{}" },
        { type: "function_call_output", callId: "call_1", content: "A tower." },
        { type: "function_call_output", callId: "call_2", content: "" },
        { role: "assistant", content: "In Pisa." },
        { role: "user", content: "Thanks" },
      ];
      await subject.model.generate({ ...subject.questions[0], items }, new AnswerRecorder(), never);
      expect(received().items).toEqual(items);
    });

    testWith("received", "sends any items, or what their report says of them", async (received) => {
      const { model, questions } = subject;
      await fc.assert(
        fc.asyncProperty(fc.array(anyItem, { maxLength: 8 }), async (drawn) => {
          const now = { id: "", role: "user" as const, content: "now", createdAt: new Date(0) };
          const history = [...drawn.map((item) => ({ ...item })), now];
          const { items, changes } = normalizePrompt("", history, model.lacks);
          await model.generate({ ...questions[0], items }, new AnswerRecorder(), never);
          const expected = subject.joinsAnswers ? joinAnswers(items) : items;
          expect(received().items.map(onTheWire)).toEqual(expected.map(onTheWire));
          const sent = JSON.stringify(received().items);
          if (changes.length > 0) return;
          for (const { content } of drawn) expect(sent).toContain(JSON.stringify(content).slice(1, -1));
        }),
        { numRuns: 30 },
      );
    });

    testWith("received", "sends each setting that it has", async (received) => {
      const { model } = subject;
      for (const setting of model.settings) {
        const settings = { [setting]: SETTINGS[setting] };
        const request = { ...subject.questions[0], settings };
        const sent = JSON.stringify(model.wireRequest(request));
        expect(sent).not.toBe(JSON.stringify(model.wireRequest(subject.questions[0])));
        await model.generate(request, new AnswerRecorder(), never);
        expect(JSON.stringify(received().body)).toContain(MARKS[setting]);
      }
    });

    testWith(
      "answeredWith",
      "passes on what the model thinks, says and calls, in this order",
      async (answeredWith) => {
        const sink = new AnswerRecorder();
        const request = answeredWith({
          reasoning: ["I need ", "the weather."],
          pieces: ["Let me ", "look."],
          toolCalls: [
            { id: "call_rome", name: "weather", arguments: ['{"city":', '"Rome"}'] },
            { id: "call_oslo", name: "weather", arguments: ['{"city":"Oslo"}'] },
          ],
        });
        const completion = await subject.model.generate(request, sink, never);
        expect(completion.finishReason).toBe("tool_call");
        expect(sink.reasoned).toBe("I need the weather.");
        expect(sink.answer).toBe("Let me look.");
        expect(sink.calls).toEqual([
          { id: "call_rome", name: "weather", arguments: '{"city":"Rome"}' },
          { id: "call_oslo", name: "weather", arguments: '{"city":"Oslo"}' },
        ]);
        expect(sink.order).toEqual(["reasoning", "text", "toolCall"]);
      },
    );

    testWith("answeredWith", "passes on calls without a text", async (answeredWith) => {
      const sink = new AnswerRecorder();
      const toolCalls = [{ id: "call_now", name: "now", arguments: ["{}"] }];
      const completion = await subject.model.generate(answeredWith({ pieces: [], toolCalls }), sink, never);
      expect(completion.finishReason).toBe("tool_call");
      expect(sink.answer).toBe("");
      expect(sink.calls).toEqual([{ id: "call_now", name: "now", arguments: "{}" }]);
    });

    testWith(
      "answeredWith",
      "passes on a refusal in the model's words, and says that it is one",
      async (answeredWith) => {
        const sink = new AnswerRecorder();
        const request = answeredWith({ refusal: ["I can't ", "help with that."] });
        const completion = await subject.model.generate(request, sink, never);
        expect(completion.finishReason).toBe("refusal");
        expect(sink.answer).toBe("I can't help with that.");
      },
    );

    test("is available, with its default model among its models", async () => {
      const availability = await promptly(subject.model.availability());
      expect(availability).toMatchObject({ available: true });
      expect(availability.models.map((model) => model.id)).toContain(subject.model.defaultModel);
    });

    testWith("unreachable", "says why an unreachable provider is not available", async (unreachable) => {
      const model = await unreachable();
      const availability = await withinSeconds(model.availability());
      await model.close();
      expect(availability.available).toBe(false);
      expect(availability.reason).toMatch(/\.$/);
      expect(availability.action).toMatch(/\.$/);
    });

    testWith(
      "unreachable",
      "fails with what happened and what to do when unreachable",
      async (unreachable) => {
        const model = await unreachable();
        const failure = await withinSeconds(
          model.generate(subject.questions[0], new AnswerRecorder(), never).catch((error: unknown) => error),
        );
        await model.close();
        if (!(failure instanceof AppError)) throw failure;
        expect(failure.code).toMatch(/^provider_/);
        expect(failure.message).toMatch(/\. .+\.$/);
        if (subject.secret !== undefined) expect(everythingIn(failure)).not.toContain(subject.secret);
      },
    );

    test("ends what is under way when closed", async () => {
      const sink = new AnswerRecorder();
      const answer = subject.model
        .generate(subject.slowQuestion, sink, never)
        .catch((error: unknown) => error);
      await sleep(20);
      await promptly(subject.model.close());
      expect(await promptly(answer)).toBeInstanceOf(AppError);
      await expectSilence(sink);
      if (exceptions.idle === undefined) await promptly(subject.idle?.() ?? Promise.resolve());
    });
  });
}

const SETTINGS: Required<ModelSettings> = {
  tools: [{ name: "mark_tools", description: "Marks.", parameters: { type: "object", properties: {} } }],
  toolChoice: { name: "mark_choice" },
  parallelToolCalls: false,
  responseFormat: { type: "json_schema", name: "mark_format", schema: { type: "object" }, strict: true },
  temperature: 0.123,
  topP: 0.456,
  seed: 123456,
  maxOutputTokens: 321,
  stop: ["mark_stop"],
  reasoningEffort: "low",
};

/** What of a setting is in every API's request. */
const MARKS: Readonly<Record<ModelSetting, string>> = {
  tools: '"name":"mark_tools"',
  toolChoice: '"name":"mark_choice"',
  parallelToolCalls: '"parallel_tool_calls":false',
  responseFormat: '"name":"mark_format"',
  temperature: '"temperature":0.123',
  topP: '"top_p":0.456',
  seed: '"seed":123456',
  maxOutputTokens: ":321",
  stop: '"stop":["mark_stop"]',
  reasoningEffort: '"low"',
};

/** Nothing may come once `generate` has settled. */
async function expectSilence(sink: AnswerRecorder): Promise<void> {
  const { length } = sink.pieces;
  const { thoughts } = sink;
  await sleep(150);
  expect(sink.pieces).toHaveLength(length);
  expect(sink.thoughts).toBe(thoughts);
}

const promptly = <Result>(work: Promise<Result>): Promise<Result> => within(PROMPTLY_MS, work);
const withinSeconds = <Result>(work: Promise<Result>): Promise<Result> => within(8000, work);

/** An error as the most talkative of loggers would write it. */
function everythingIn(error: Error): string {
  const cause = error.cause instanceof Error ? everythingIn(error.cause) : String(error.cause);
  return `${error.stack}\n${JSON.stringify(error)}\n${cause}`;
}
