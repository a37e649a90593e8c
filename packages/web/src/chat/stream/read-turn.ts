import type { TurnEvent, TurnEventName } from "@redis-memory-magic/protocol";
import { createParser } from "eventsource-parser";
import { connectionError } from "../../api/api-error.ts";
import { applyEvent } from "./apply-event.ts";
import type { LiveTurn } from "./live-turn.ts";

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
 * Yields a turn after each of its events, as they arrive. Unknown events of a newer server are skipped.
 * @throws ApiError (`timeout`) when nothing, not even a comment, has arrived for `silenceMs`.
 * @throws StreamGapError when text before an event is missing.
 */
export async function* readTurn(
  turn: LiveTurn,
  body: ReadableStream<Uint8Array>,
  silenceMs: number,
): AsyncGenerator<LiveTurn> {
  let latest = turn;
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
      for (const event of events.splice(0)) {
        latest = applyEvent(latest, event);
        yield latest;
      }
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
