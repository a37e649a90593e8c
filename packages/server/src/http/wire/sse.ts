import type { TurnUpdate } from "@redis-memory-magic/memory";
import type { TurnEventName } from "@redis-memory-magic/protocol";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { AskedTurn } from "../../chat/asked-turn.ts";
import { toOutputItem } from "../../chat/output-item.ts";
import type { TurnResult } from "../../chat/turn-result.ts";
import { AppError } from "../../errors/app-error.ts";
import { type StreamWatch, sendEvents } from "./event-stream.ts";

const THINKING_EVERY_MS = 1000;

/** True if the client accepts an event stream and does not prefer JSON. */
export function wantsStream({ headers: { accept = "" } }: FastifyRequest): boolean {
  const ranges = accept.toLowerCase();
  if (!ranges.includes("text/event-stream")) return false;
  const qualities = new Map(
    ranges.split(",").map((range) => {
      const [type = "", ...parameters] = range.split(";").map((part) => part.trim());
      const quality = parameters.find((parameter) => parameter.startsWith("q="));
      return [type, quality === undefined ? 1 : Number(quality.slice("q=".length))] as const;
    }),
  );
  const stream = qualities.get("text/event-stream") ?? 0;
  return stream > 0 && stream >= (qualities.get("application/json") ?? 0);
}

/** What a turn makes, as its followers receive it. */
type Output = Exclude<TurnUpdate, { readonly type: "end" }>;

/** Where a stream begins: at its first event, behind a position of the output, or nowhere: it was received already. */
export type StreamPosition = "start" | number | "seen";

/** @throws AppError `invalid_request` for an id that was never sent */
export function resumePosition(request: FastifyRequest, turn: AskedTurn): StreamPosition {
  const id = request.headers["last-event-id"];
  if (id === undefined || id === "") return "start";
  const [, digits, end] = /^(\d{1,15})(\.end)?$/.exec(String(id)) ?? [];
  // The end's id may be for less than Redis has, if the last append's reply was lost.
  if (digits === undefined || Number(digits) > turn.length()) {
    const message = "must be an id that this stream has sent";
    throw new AppError("invalid_request", `Last-Event-ID ${message}.`, {
      errors: [{ field: "Last-Event-ID", message }],
    });
  }
  return end === undefined ? Number(digits) : "seen";
}

/** Streams a turn from a position until its end, or until the client disconnects. The turn then continues. */
export function streamTurn(
  reply: FastifyReply,
  turn: AskedTurn,
  from: Exclude<StreamPosition, "seen">,
  watch: StreamWatch,
): Promise<void> {
  const ids = `"turn_id":${JSON.stringify(turn.turnId)},"session_id":${JSON.stringify(turn.sessionId)}`;
  return sendEvents(reply, watch, turn.turnId, async (stream) => {
    let thinkingAt = Number.NEGATIVE_INFINITY;
    const stopListening = turn.onActivity((activity) => {
      const now = performance.now();
      if (stream.clientGone.aborted || now - thinkingAt < THINKING_EVERY_MS) return;
      thinkingAt = now;
      void stream.write(`event: turn-thinking\ndata: {${ids},"activity":"${activity}"}\n\n`);
    });
    try {
      if (from === "start") void stream.write(startedEvent(turn));
      stream.begun();
      for await (const update of turn.follow(from === "start" ? 0 : from, stream.clientGone)) {
        const event =
          update.type === "end"
            ? endEvent(await turn.result(), update.length)
            : `id: ${update.length}\nevent: ${EVENTS[update.type]}\ndata: {${ids},${dataOf(update)}}\n\n`;
        await stream.write(event);
      }
    } finally {
      stopListening();
    }
  });
}

const EVENTS = {
  text: "text-delta",
  reasoning: "reasoning-delta",
  arguments: "arguments-delta",
  other: "item-delta",
  item: "item-started",
  item_done: "item-done",
} as const satisfies Record<Output["type"], TurnEventName>;

const dataOf = (update: Output): string =>
  "item" in update
    ? `"item":${JSON.stringify(toOutputItem(update.item))}`
    : `"text":${JSON.stringify(update.text)}`;

function startedEvent({ turnId, sessionId, info, count, stored }: AskedTurn): string {
  const data = {
    turn_id: turnId,
    session_id: sessionId,
    mode: info.mode,
    provider: info.provider,
    model: info.model,
    message_count: count,
    stored,
  };
  return `id: 0\nevent: turn-started\ndata: ${JSON.stringify(data)}\n\n`;
}

/** The end events of turns: each has the whole answer, so the followers of a turn share one. */
const endEvents = new WeakMap<TurnResult, Buffer>();

function endEvent(result: TurnResult, length: number): Buffer {
  const known = endEvents.get(result);
  if (known) return known;
  const { response, error } = result;
  const failed = response.status === "failed" && error && { code: error.code, detail: error.message };
  const data = JSON.stringify({ ...response, ...failed });
  const event = Buffer.from(`id: ${length}.end\nevent: turn-${response.status}\ndata: ${data}\n\n`);
  endEvents.set(result, event);
  return event;
}
