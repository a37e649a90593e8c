import type { FastifyReply } from "fastify";
import type { AskedTurn } from "../chat/asked-turn.ts";
import type { SessionStore } from "../chat/session-store.ts";
import { type StreamWatch, sendEvents } from "../http/wire/event-stream.ts";
import { toResponse } from "./response.ts";
import { ResponseEvents } from "./response-events.ts";
import { atBegin, atEnd } from "./snapshot.ts";

/**
 * Streams a response until its end, or until the client disconnects. It then continues.
 * @param after the number of the last event that the client has seen; -1: none
 */
export function streamResponse(
  reply: FastifyReply,
  sessions: SessionStore,
  turn: AskedTurn,
  after: number,
  watch: StreamWatch,
): Promise<void> {
  return sendEvents(reply, watch, turn.turnId, async (stream) => {
    const events = new ResponseEvents(turn, after);
    void stream.write(events.begin(toResponse(atBegin(turn))));
    stream.begun();
    for await (const update of turn.follow(0, stream.left)) {
      const written =
        update.type === "end"
          ? events.end(toResponse(await atEnd(sessions, turn, await turn.result())))
          : events.write(update);
      if (written !== "") await stream.write(written);
    }
  });
}
