import { z } from "zod";
import { sessionId, text, timestamp } from "./ids.ts";
import { role } from "./items.ts";

export const searchQuery = text.trim().min(1).max(200);

/** `GET /search`: the owner's messages that have all words of a query, in the sessions that were used last. */
export const searchResponse = z.object({
  matches: z.array(
    z.object({
      session_id: sessionId,
      title: z.string().nullable(),
      message_id: z.string(),
      role,
      created_at: timestamp,
      text: z.string().describe("The part of the message around the first word, in one line."),
    }),
  ),
  sessions: z.int().nonnegative().describe("Sessions that were searched."),
  messages: z.int().nonnegative().describe("Messages that were searched."),
  complete: z.boolean().describe("false: there are sessions or messages that were not searched."),
});
export type SearchResponse = z.infer<typeof searchResponse>;
export type SearchMatch = SearchResponse["matches"][number];
