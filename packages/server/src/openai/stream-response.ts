import type { FastifyReply } from "fastify";
import type { AskedTurn } from "../chat/asked-turn.ts";
import type { Caller } from "../chat/caller.ts";
import { sendEvents } from "../http/wire/event-stream.ts";
import type { OpenAiContext } from "./openai-routes.ts";
import { toResponse } from "./response.ts";
import { ResponseEvents } from "./response-events.ts";
import { runAgain } from "./run-again.ts";
import { atBegin, atEnd } from "./snapshot.ts";

/**
 * Streams a response until its end, or until the client disconnects. It then continues.
 * @param after the number of the last event that the client has seen; -1: none
 */
export function streamResponse(
  reply: FastifyReply,
  { chat, metrics }: Pick<OpenAiContext, "chat" | "metrics">,
  caller: Caller,
  turn: AskedTurn,
  after: number,
): Promise<void> {
  return sendEvents(reply, metrics, turn.turnId, async (stream) => {
    const events = new ResponseEvents(turn, after);
    void stream.write(events.begin(toResponse(atBegin(turn))));
    stream.begun();
    for (let current: AskedTurn | undefined = turn; current !== undefined; ) {
      const running: AskedTurn = current;
      current = undefined;
      for await (const update of running.follow(0, stream.left)) {
        if (update.type === "end" && update.outcome.status === "interrupted") {
          current = await runAgain(chat, caller, running);
          if (current !== undefined) {
            events.continueWith(current);
            continue;
          }
        }
        const written =
          update.type === "end"
            ? events.end(toResponse(await atEnd(caller.sessions, running, await running.result())))
            : events.write(update);
        if (written !== "") await stream.write(written);
      }
    }
  });
}
