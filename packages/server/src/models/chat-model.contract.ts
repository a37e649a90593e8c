import { setTimeout as sleep } from "node:timers/promises";
import { usage } from "@redis-memory-magic/protocol";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { AnswerRecorder } from "../../test/answer-recorder.ts";
import { within } from "../../test/within.ts";
import type { ChatModel, ModelRequest } from "../chat/chat-model.ts";
import type { ContextItem } from "../chat/context-item.ts";
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
  /** What reached the provider last, as the provider saw it. */
  readonly received?: () => Received;
  /** Resolves when no work is under way at the provider. */
  readonly idle?: () => Promise<void>;
  /** The same adapter before a provider that cannot be reached. */
  readonly unreachable?: () => Promise<ChatModel>;
  /** A secret that must be seen nowhere but in the request's headers. */
  readonly secret?: string;
  /** Ends what the test itself started. The model is closed before. */
  readonly close: () => Promise<void>;
}

export interface Received {
  readonly url: string;
  readonly body: unknown;
  readonly system: string;
  readonly items: readonly ContextItem[];
}

type Optional = "questionAbout" | "received" | "idle" | "unreachable";

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
