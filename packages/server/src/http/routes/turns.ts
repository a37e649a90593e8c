import { chatResponse, sessionId, turn, turnId } from "@redis-memory-magic/protocol";
import { z } from "zod";
import { problems, type Routes } from "../api.ts";
import { resumePosition, streamTurn } from "../wire/sse.ts";

const params = z.object({ session_id: sessionId, turn_id: turnId });

/** Routes for an existing turn: status and report, events, cancel. */
export const turnRoutes: Routes = (context) => async (app) => {
  app.get(
    "/sessions/:session_id/turns/:turn_id",
    {
      schema: {
        tags: ["turns"],
        summary: "A turn: its status, its text so far, and what it sent",
        params,
        response: { 200: turn, ...problems(400, 404, 503) },
      },
    },
    async (request) => {
      const { session_id, turn_id } = request.params;
      return context.reports.turn(context.callerOf(request).sessions, session_id, turn_id);
    },
  );

  app.get(
    "/sessions/:session_id/turns/:turn_id/events",
    {
      config: { concurrency: "stream" },
      schema: {
        tags: ["turns"],
        summary: "A turn's event stream, from the start or after Last-Event-ID",
        params,
        headers: z.object({ "last-event-id": z.string().optional() }),
        response: {
          200: { description: "The events", content: { "text/event-stream": { schema: z.string() } } },
          204: z.null().describe("All of it has been seen: the last event id was that of the end."),
          ...problems(400, 404, 503),
        },
      },
    },
    async (request, reply) => {
      const { session_id, turn_id } = request.params;
      const found = await context.chat.find(context.callerOf(request).sessions, session_id, turn_id);
      const from = resumePosition(request, found);
      if (from === "seen") return reply.code(204).send(null);
      return streamTurn(reply, found, from, context.metrics);
    },
  );

  app.post(
    "/sessions/:session_id/turns/:turn_id/cancel",
    {
      schema: {
        tags: ["turns"],
        summary: "Cancel a turn of any process; a turn that has ended is not changed",
        params,
        response: { 200: chatResponse, ...problems(400, 404, 503) },
      },
    },
    async (request) => {
      const { session_id, turn_id } = request.params;
      const result = await context.chat.cancel(context.callerOf(request).sessions, session_id, turn_id);
      return result.response;
    },
  );
};
