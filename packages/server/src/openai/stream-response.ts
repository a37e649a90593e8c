import type { ApiResponse } from "@redis-memory-magic/protocol/openai";
import type { FastifyReply } from "fastify";
import type { AskedTurn } from "../chat/asked-turn.ts";
import type { Caller } from "../chat/caller.ts";
import { type EventStream, sendEvents } from "../http/wire/event-stream.ts";
import type { OpenAiContext } from "./openai-routes.ts";
import { toResponse } from "./response.ts";
import { type OutputUpdate, ResponseEvents } from "./response-events.ts";
import { runAgain } from "./run-again.ts";
import { atBegin, atEnd } from "./snapshot.ts";

type StreamContext = Pick<OpenAiContext, "chat" | "metrics">;

/**
 * Streams a response until its end, or until the client disconnects. If it is stored, it then continues.
 * @param after the number of the last event that the client has seen; -1: none
 */
export function streamResponse(
  reply: FastifyReply,
  context: StreamContext,
  caller: Caller,
  turn: AskedTurn,
  after: number,
): Promise<void> {
  return sendEvents(reply, context.metrics, turn.turnId, async (stream) => {
    await writeResponse(stream, context, caller, turn, new ResponseEvents(turn, after));
  });
}

/** Writes a response's events. Resolves with the response as it has ended; undefined: the client has disconnected. */
export async function writeResponse(
  stream: EventStream,
  { chat }: Pick<OpenAiContext, "chat">,
  caller: Caller,
  turn: AskedTurn,
  events: ResponseEvents,
): Promise<ApiResponse | undefined> {
  void stream.write(events.begin(toResponse(atBegin(turn))));
  stream.begun();
  let ended: ApiResponse | undefined;
  for (let current: AskedTurn | undefined = turn; current !== undefined; ) {
    const running: AskedTurn = current;
    current = undefined;
    for await (const update of running.follow(0, stream.clientGone)) {
      if (update.type === "end") {
        if (update.outcome.status === "interrupted") {
          current = await runAgain(chat, caller, running);
          if (current !== undefined) {
            events.continueWith(current);
            continue;
          }
        }
        ended = toResponse(await atEnd(caller.sessions, running, await running.result()));
      }
      const written = ended ? events.end(ended) : events.write(update as OutputUpdate);
      if (written !== "") await stream.write(written);
    }
  }
  return ended;
}
