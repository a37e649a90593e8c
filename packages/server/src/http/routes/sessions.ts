import {
  appendMessagesRequest,
  appendMessagesResponse,
  type Message,
  messagesResponse,
  type Session,
  session,
  sessionId,
  sessionPatch,
  sessionsResponse,
} from "@redis-memory-magic/protocol";
import { z } from "zod";
import { AppError } from "../../chat/app-error.ts";
import type {
  MessagePage,
  NewStoredMessage,
  StoredMessage,
  StoredSession,
  TurnRecord,
} from "../../chat/conversations.ts";
import { problems, type Routes } from "../api.ts";

const params = z.object({ session_id: sessionId });
const cursor = z
  .string()
  .max(200)
  .regex(/^\d{1,15}:/, "must be a next_cursor that this API gave");
const limit = z.coerce.number().int().min(1).max(500);

/** Sessions and the messages in them. */
export const sessionRoutes: Routes = (context) => async (app) => {
  app.get(
    "/sessions",
    {
      schema: {
        tags: ["sessions"],
        summary: "Sessions, last used first",
        querystring: z.object({ limit: limit.max(200).default(50), cursor: cursor.optional() }),
        response: { 200: sessionsResponse, ...problems(400, 503) },
      },
    },
    async (request) => {
      const { limit, cursor } = request.query;
      const page = await context.conversationsOf(request).sessions(limit, cursor);
      return { sessions: page.sessions.map(toSession), next_cursor: page.nextCursor };
    },
  );

  app.get(
    "/sessions/:session_id",
    {
      schema: {
        tags: ["sessions"],
        summary: "One session",
        params,
        response: { 200: session, ...problems(400, 404, 503) },
      },
    },
    async (request) => {
      const found = await context.conversationsOf(request).session(request.params.session_id);
      return toSession(found ?? notFound());
    },
  );

  app.patch(
    "/sessions/:session_id",
    {
      schema: {
        tags: ["sessions"],
        summary: "Give a session a title, or a time to live of its own",
        params,
        body: sessionPatch,
        response: { 200: session, ...problems(400, 404, 413, 415, 503) },
      },
    },
    async (request) => {
      const conversations = context.conversationsOf(request);
      const { session_id } = request.params;
      const { title, ttl_seconds } = request.body;
      if (title !== undefined) await conversations.rename(session_id, title ?? "");
      if (ttl_seconds !== undefined) await conversations.expire(session_id, ttl_seconds);
      return toSession((await conversations.session(session_id)) ?? notFound());
    },
  );

  app.delete(
    "/sessions/:session_id",
    {
      schema: {
        tags: ["sessions"],
        summary: "Forget a session; its running turn is cancelled",
        params,
        response: { 204: z.null().describe("Forgotten"), ...problems(400, 404, 503) },
      },
    },
    async (request, reply) => {
      const there = await context.chat.clear(context.conversationsOf(request), request.params.session_id);
      if (!there) notFound();
      return reply.code(204).send(null);
    },
  );

  app.get(
    "/sessions/:session_id/messages",
    {
      schema: {
        tags: ["sessions"],
        summary: "A page of messages, oldest first; the newest page by default",
        params,
        querystring: z.object({ limit: limit.default(50), before: z.string().min(1).max(128).optional() }),
        response: { 200: messagesResponse, ...problems(400, 404, 503) },
      },
    },
    async (request) => {
      const { limit, before } = request.query;
      const conversations = context.conversationsOf(request);
      const page = await conversations.messages(request.params.session_id, limit, before);
      return {
        messages: page.messages.map((message) => toMessage(message, page.turns)),
        next_before: page.hasMore ? (page.messages[0]?.id ?? null) : null,
      };
    },
  );

  app.post(
    "/sessions/:session_id/messages",
    {
      schema: {
        tags: ["sessions"],
        summary: "Append messages, all or none; no model is called",
        params,
        body: appendMessagesRequest,
        response: { 200: appendMessagesResponse, ...problems(400, 409, 413, 415, 503) },
      },
    },
    async (request) => {
      const messages = request.body.messages.map(fromWire);
      const { ids, count } = await context
        .conversationsOf(request)
        .append(request.params.session_id, messages);
      return { ids, message_count: count };
    },
  );
};

function notFound(): never {
  throw new AppError(
    "session_not_found",
    "There is no such session: it has expired, was deleted, or never was.",
  );
}

const toSession = (found: StoredSession): Session => ({
  id: found.id,
  title: found.title,
  message_count: found.count,
  created_at: found.createdAt.toISOString(),
  updated_at: found.updatedAt.toISOString(),
  ttl_seconds: found.ttlSeconds,
  expires_at: found.expiresAt.toISOString(),
  running_turn_id: found.runningTurnId,
  root_id: null,
  forked_from: null,
});

function toMessage(message: StoredMessage, turns: MessagePage["turns"]): Message {
  const { id, role, content, createdAt, toolCalls, toolCallId, metadata, turnId } = message;
  const turn = turnId === undefined ? undefined : turns.get(turnId);
  return {
    id,
    role,
    content,
    created_at: createdAt.toISOString(),
    ...(toolCalls && { tool_calls: toolCalls.map((call) => ({ ...call })) }),
    ...(toolCallId !== undefined && { tool_call_id: toolCallId }),
    ...(metadata !== undefined && { metadata: metadata as Message["metadata"] }),
    ...(turn && { turn: toTurn(turn) }),
  };
}

function toTurn({ id, status, info }: TurnRecord): NonNullable<Message["turn"]> {
  const { mode, provider, model, sent, tokens, ms } = info;
  const [counted = 0, reported = null, cached = null, output = null] = tokens ?? [];
  return {
    id,
    mode,
    provider,
    model,
    status,
    ...(sent && { sent_messages: sent[1] }),
    ...(tokens && {
      tokens: { sent: reported ?? Math.abs(counted), cached: cached ?? 0, output: output ?? 0 },
    }),
    ...(ms && { total_ms: ms[1] }),
  };
}

function fromWire(message: z.infer<typeof appendMessagesRequest>["messages"][number]): NewStoredMessage {
  const { created_at, tool_calls, tool_call_id, id, role, content, metadata } = message;
  return {
    role,
    content,
    ...(id !== undefined && { id }),
    ...(created_at !== undefined && { createdAt: new Date(created_at) }),
    ...(tool_calls && { toolCalls: tool_calls }),
    ...(tool_call_id !== undefined && { toolCallId: tool_call_id }),
    ...(metadata !== undefined && { metadata }),
  };
}
