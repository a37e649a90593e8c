import { messageId, notesQuery, notesRequest, notesResponse } from "@redis-memory-magic/protocol";
import { z } from "zod";
import { hasAllWords } from "../../chat/search-messages.ts";
import { AppError } from "../../errors/app-error.ts";
import { problems, type Routes } from "../api.ts";
import { fromApiNote, toApiNote } from "../wire/note.ts";

/** Routes for the texts that a caller keeps for all sessions. */
export const noteRoutes: Routes = (context) => async (app) => {
  app.get(
    "/notes",
    {
      schema: {
        tags: ["notes"],
        summary: "The caller's notes, or those that have all words of a query",
        querystring: notesQuery,
        response: { 200: notesResponse, ...problems(400, 503) },
      },
    },
    async (request) => {
      const { q } = request.query;
      const notes = await context.callerOf(request).sessions.notes.list();
      return { notes: notes.filter(({ text }) => q === undefined || hasAllWords(text, q)).map(toApiNote) };
    },
  );

  app.post(
    "/notes",
    {
      schema: {
        tags: ["notes"],
        summary: "Write notes, all or none; one whose id is there is replaced",
        body: notesRequest,
        response: { 200: notesResponse, ...problems(400, 413, 415, 429, 503) },
      },
    },
    async (request) => {
      const { sessions, quota } = context.callerOf(request);
      const written = await sessions.notes.put(request.body.notes.map(fromApiNote), quota);
      return { notes: written.map(toApiNote) };
    },
  );

  app.delete(
    "/notes/:note_id",
    {
      schema: {
        tags: ["notes"],
        summary: "Delete a note",
        params: z.object({ note_id: messageId }),
        response: { 204: z.null().describe("Deleted"), ...problems(400, 404, 503) },
      },
    },
    async (request, reply) => {
      const removed = await context.callerOf(request).sessions.notes.remove(request.params.note_id);
      if (!removed)
        throw new AppError("note_not_found", "There is no such note: it was deleted or has expired.");
      return reply.code(204).send(null);
    },
  );
};
