import type { TurnEvent, TurnEventName } from "@redis-memory-magic/protocol";
import { createParser } from "eventsource-parser";
import { connectionError } from "../../api/api-error.ts";

const EVENT_NAMES: Record<TurnEventName, true> = {
  "turn-started": true,
  "turn-thinking": true,
  "text-delta": true,
  "reasoning-delta": true,
  "arguments-delta": true,
  "item-delta": true,
  "item-started": true,
  "item-done": true,
  "turn-completed": true,
  "turn-cancelled": true,
  "turn-interrupted": true,
  "turn-failed": true,
};

/**
 * Yields a turn's events as they arrive. Unknown events of a newer server are skipped.
 * @throws ApiError (`timeout`) when nothing, not even a comment, has arrived for `silenceMs`.
 */
export async function* readTurnEvents(
  body: ReadableStream<Uint8Array>,
  silenceMs: number,
): AsyncGenerator<TurnEvent> {
  const events: TurnEvent[] = [];
  const parser = createParser({
    onEvent({ event, id, data }) {
      if (event === undefined || !Object.hasOwn(EVENT_NAMES, event)) return;
      events.push({ event, id: id ?? "", data: JSON.parse(data) } as TurnEvent);
    },
  });
  const decoder = new TextDecoder();
  const reader = body.getReader();
  try {
    while (true) {
      const { done, value } = await readWithin(reader, silenceMs);
      if (done) return;
      parser.feed(decoder.decode(value, { stream: true }));
      yield* events.splice(0);
    }
  } finally {
    // Closes the connection also when the consumer stops early.
    reader.cancel().catch(() => {});
  }
}

async function readWithin(reader: ReadableStreamDefaultReader<Uint8Array>, ms: number) {
  const { promise: silence, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(connectionError("timeout")), ms);
  try {
    return await Promise.race([reader.read(), silence]);
  } finally {
    clearTimeout(timer);
  }
}
