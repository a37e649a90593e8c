import { createHash } from "node:crypto";
import {
  type ChatRequest,
  chatRequest,
  chatResponse,
  clearSessionRequest,
  clearSessionResponse,
  contextReport,
  countCodePoints,
} from "@redis-memory-magic/protocol";
import { z } from "zod";
import type { Idempotency } from "../../chat/begin-turn.ts";
import { AppError } from "../../errors/app-error.ts";
import { problems, type Routes } from "../api.ts";
import { streamTurn, wantsStream } from "../wire/sse.ts";
import { toTurnRequest } from "../wire/turn-request.ts";

const MIB = 1024 * 1024;

/** Routes that start a turn, preview its context, and clear a session. */
export const chatRoutes: Routes = (context) => async (app) => {
  const { maxMessageChars, maxStreamedMessageChars, maxImageBytes } = context;
  const body = chatRequest(maxStreamedMessageChars, maxImageBytes);
  // An escaped emoji takes twelve bytes; the system prompt and the other fields have the rest. Base64 is a third
  // larger than its image.
  const bodyLimit = Math.max(MIB, maxStreamedMessageChars * 12 + MIB / 4) + Math.ceil(maxImageBytes / 3) * 4;
  const headers = z.object({
    "idempotency-key": z
      .string()
      .regex(/^[\x21-\x7e](?:[\x20-\x7e]{0,126}[\x21-\x7e])?$/, "must be 1–128 printable ASCII characters")
      .optional()
      .describe("The same key and body, however often, are one turn."),
  });

  app.post(
    "/chat",
    {
      bodyLimit,
      config: { concurrency: "turn" },
      schema: {
        tags: ["chat"],
        summary: "Send a message; with Accept: text/event-stream the answer is streamed",
        body,
        headers,
        response: { 200: chatResponse, ...problems(400, 409, 413, 415, 422, 429, 502, 503) },
      },
    },
    async (request, reply) => {
      const isStream = wantsStream(request);
      if (!isStream) assertLength(request.body.message, maxMessageChars);
      const caller = context.callerOf(request);
      const key = request.headers["idempotency-key"];
      const idempotency =
        key === undefined ? undefined : idempotencyOf(caller.sessions.owner, key, request.body);
      const asked = toTurnRequest(request.body, maxImageBytes);
      const turn = await context.chat.ask(caller, asked, idempotency);
      if (isStream) return streamTurn(reply, turn, "start", context.metrics);
      const { response, error } = await turn.result();
      if (error !== undefined) throw error;
      return response;
    },
  );

  app.post(
    "/context-preview",
    {
      bodyLimit,
      schema: {
        tags: ["chat"],
        summary: "What this turn would send and cost; nothing is stored, no model is called",
        body,
        response: { 200: contextReport, ...problems(400, 409, 413, 415, 422, 503) },
      },
    },
    async (request) => {
      const asked = toTurnRequest(request.body, maxImageBytes);
      return context.reports.preview(context.callerOf(request).sessions, asked);
    },
  );

  app.post(
    "/clear-session",
    {
      schema: {
        tags: ["chat"],
        summary: "Forget a session",
        body: clearSessionRequest,
        response: { 200: clearSessionResponse, ...problems(400, 413, 415, 503) },
      },
    },
    async (request) => {
      const { session_id } = request.body;
      await context.chat.clear(context.callerOf(request).sessions, session_id);
      return { status: "success" as const, message: `Session ${session_id} cleared` };
    },
  );
};

/** The limit of the original's requests. @throws AppError `invalid_request` */
function assertLength(text: string | undefined, maxChars: number): void {
  const length = text === undefined ? 0 : countCodePoints(text);
  if (length <= maxChars) return;
  const message = `must be at most ${maxChars} characters`;
  throw new AppError("invalid_request", `message: ${message}`, { errors: [{ field: "message", message }] });
}

/** Hashes a body independently of the order of its fields. */
function idempotencyOf(owner: string, key: string, body: ChatRequest): Idempotency {
  const fields = Object.entries(body).sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    key,
    requestHash: createHash("sha256").update(JSON.stringify(fields)).digest("hex").slice(0, 32),
    sessionId: `session_${createHash("sha256").update(`${owner}\n${key}`).digest("hex").slice(0, 32)}`,
  };
}
