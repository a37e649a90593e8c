import { searchQuery, searchResponse } from "@redis-memory-magic/protocol";
import { z } from "zod";
import { searchMessages } from "../../chat/search-messages.ts";
import { problems, type Routes } from "../api.ts";

/** Route that finds what was said, in all sessions of the caller. */
export const searchRoutes: Routes = (context) => async (app) => {
  app.get(
    "/search",
    {
      schema: {
        tags: ["sessions"],
        summary: "Messages that have all words of a query, in the sessions that were used last",
        querystring: z.object({ q: searchQuery }),
        response: { 200: searchResponse, ...problems(400, 503) },
      },
    },
    async (request) => searchMessages(context.callerOf(request), request.query.q),
  );
};
