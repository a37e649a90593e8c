import { z } from "zod";
import { sessionId, turnId } from "./ids.ts";

/** A problem document (RFC 9457) with a stable `code`. */
export const problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  code: z.string(),
  /** Which field of the request is wrong, and why. */
  errors: z.array(z.object({ field: z.string(), message: z.string() })).optional(),
  turn_id: turnId.optional(),
  session_id: sessionId.optional(),
  /** The text that had been shown before the turn failed. */
  response: z.string().optional(),
});
export type Problem = z.infer<typeof problem>;
