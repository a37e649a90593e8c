import { addAbortListener } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { EventSourceParserStream } from "eventsource-parser/stream";
import type { Figures } from "./figures.ts";
import type { Instance } from "./instance.ts";
import type { LoadOptions } from "./options.ts";

const TURN_DEADLINE_MS = 180_000;
// How long a running request may take after the end.
const LAST_ANSWER_MS = 10_000;
// A refused user waits before the next request.
const AFTER_ERROR_MS = 1000;
const SENTENCE = "Tell me more about it. ";

interface Context {
  readonly instance: Instance;
  readonly options: LoadOptions;
  readonly figures: Figures;
  /** Ends the user, even in the middle of an answer, but not before the instance has begun to answer. */
  readonly signal: AbortSignal;
}

/** Sends messages until the signal: a session of some turns with a pause before each, then another session. */
export async function simulateUser(name: string, context: Context): Promise<void> {
  const { options, signal } = context;
  for (let session = 0; !signal.aborted; session++) {
    const length = Math.max(1, Math.round(around(options.turns)));
    for (let turn = 0; turn < length && !signal.aborted; turn++) {
      await pause(around(options.thinkSeconds) * 1000, signal);
      if (signal.aborted) return;
      if (!(await takeTurn(`${name}-${session}`, context))) await pause(AFTER_ERROR_MS, signal);
    }
  }
}

/** Returns an exponentially distributed value: mostly below the average, sometimes a multiple of it. */
const around = (average: number): number => -Math.log(1 - Math.random()) * average;

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  sleep(ms, undefined, { signal }).catch(() => {});

/** Returns true if the answer was complete. */
async function takeTurn(id: string, { instance, options, figures, signal }: Context): Promise<boolean> {
  const asked = performance.now();
  let firstTextMs: number | undefined;
  let failure: string | undefined;
  // A request that is aborted before its answer could create its session after the sessions were deleted.
  const late = new AbortController();
  let stopReading = () => {};
  const ending = addAbortListener(signal, () => {
    stopReading();
    setTimeout(() => late.abort(), LAST_ANSWER_MS).unref();
  });
  figures.begin();
  try {
    const request = {
      message: SENTENCE.repeat(Math.ceil(options.messageChars / SENTENCE.length)).slice(
        0,
        options.messageChars,
      ),
      mode: options.mode,
      provider: options.provider,
      ...(options.model !== undefined && { model: options.model }),
      session_id: id,
    };
    const deadline = AbortSignal.any([AbortSignal.timeout(TURN_DEADLINE_MS), late.signal]);
    const { statusCode, body } = await instance.chat(request, deadline);
    stopReading = () => body.destroy();
    if (signal.aborted) stopReading();
    if (statusCode === 200) {
      figures.sessions.add(id);
      failure = "no_end";
      const events = ReadableStream.from<Uint8Array>(body)
        .pipeThrough(new TextDecoderStream())
        .pipeThrough(new EventSourceParserStream());
      for await (const { event, data } of events) {
        if (event === "text-delta") firstTextMs ??= performance.now() - asked;
        else if (event === "turn-completed") failure = undefined;
        else if (event !== "turn-started") failure = codeOf(data) ?? event;
      }
    } else {
      failure = codeOf(await body.text()) ?? `status ${statusCode}`;
    }
  } catch (error) {
    if (signal.aborted) return true;
    failure = (error as NodeJS.ErrnoException).code?.toString() ?? (error as Error).name;
  } finally {
    ending[Symbol.dispose]();
    figures.end();
  }
  if (failure === undefined) figures.complete(performance.now() - asked, firstTextMs);
  else figures.fail(failure);
  return failure === undefined;
}

function codeOf(json: string): string | undefined {
  try {
    return (JSON.parse(json) as { code?: string }).code;
  } catch {
    return undefined;
  }
}
