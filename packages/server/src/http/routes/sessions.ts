import {
  appendMessagesRequest,
  appendMessagesResponse,
  itemsResponse,
  messageId,
  messagesResponse,
  session,
  sessionId,
  sessionPatch,
  sessionsResponse,
  storageResponse,
  totalsResponse,
} from "@redis-memory-magic/protocol";
import { z } from "zod";
import { totalsOf } from "../../chat/session-totals.ts";
import { noSuchSession } from "../../errors/no-such-session.ts";
import { problems, type Routes } from "../api.ts";
import { normalizeMessages } from "../wire/foreign-messages.ts";
import { fromMessage, toItem, toMessage, toSession } from "../wire/session.ts";

const params = z.object({ session_id: sessionId });
const cursor = z
  .string()
  .max(200)
  .regex(/^\d{1,15}:/, "must be a next_cursor that this API gave");
const limit = z.coerce.number().int().min(1).max(500);

/** Routes for sessions and their messages. */
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
      const page = await context.callerOf(request).sessions.list(limit, cursor);
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
      const found = await context.callerOf(request).sessions.get(request.params.session_id);
      if (found === null) throw noSuchSession();
      return toSession(found);
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
      const { sessions, quota } = context.callerOf(request);
      const { session_id } = request.params;
      const { title, ttl_seconds } = request.body;
      // First, because this server may refuse the TTL, and then nothing is to be changed.
      if (ttl_seconds !== undefined) await sessions.expire(session_id, ttl_seconds, quota);
      if (title !== undefined) await sessions.rename(session_id, title ?? "", quota);
      const found = await sessions.get(session_id);
      if (found === null) throw noSuchSession();
      return toSession(found);
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
      const there = await context.chat.clear(context.callerOf(request).sessions, request.params.session_id);
      if (!there) throw noSuchSession();
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
        querystring: z.object({ limit: limit.default(50), before: messageId.optional() }),
        response: { 200: messagesResponse, ...problems(400, 404, 503) },
      },
    },
    async (request) => {
      const { limit, before } = request.query;
      const { sessions, quota } = context.callerOf(request);
      const page = await sessions.messages(request.params.session_id, limit, before, quota);
      return {
        messages: page.messages.map((message) => toMessage(message, page.turns)),
        next_before: page.hasMore ? (page.messages[0]?.id ?? null) : null,
      };
    },
  );

  app.get(
    "/sessions/:session_id/items",
    {
      schema: {
        tags: ["sessions"],
        summary: "A page of items: messages, what models thought, tool calls and their outputs",
        params,
        querystring: z.object({ limit: limit.default(50), before: messageId.optional() }),
        response: { 200: itemsResponse, ...problems(400, 404, 503) },
      },
    },
    async (request) => {
      const { limit, before } = request.query;
      const { sessions, quota } = context.callerOf(request);
      const page = await sessions.items(request.params.session_id, limit, before, quota);
      return {
        items: page.messages.map((item) => toItem(item, page.turns)),
        next_before: page.hasMore ? (page.messages[0]?.id ?? null) : null,
      };
    },
  );

  app.post(
    "/sessions/:session_id/messages",
    {
      preValidation: async (request) => {
        Object.assign(request, { body: normalizeMessages(request.body) });
      },
      schema: {
        tags: ["sessions"],
        summary: "Append messages, all or none; no model is called",
        params,
        body: appendMessagesRequest,
        response: { 200: appendMessagesResponse, ...problems(400, 409, 413, 415, 503) },
      },
    },
    async (request) => {
      const messages = request.body.messages.map(fromMessage);
      const { sessions, quota } = context.callerOf(request);
      const { ids, count } = await sessions.append(request.params.session_id, messages, quota);
      return { ids, message_count: count };
    },
  );

  app.get(
    "/sessions/:session_id/totals",
    {
      schema: {
        tags: ["sessions"],
        summary: "What a session's turns took together, however long it is",
        params,
        response: { 200: totalsResponse, ...problems(400, 404, 409, 503) },
      },
    },
    async (request) => {
      const { sessions, quota } = context.callerOf(request);
      const archive = await sessions.archive(request.params.session_id, quota);
      return { models: await totalsOf(archive.turns()) };
    },
  );

  app.get(
    "/sessions/:session_id/storage",
    {
      schema: {
        tags: ["sessions"],
        summary: "A session's keys in Redis, what they take and how long they live",
        params,
        response: { 200: storageResponse, ...problems(400, 404, 503) },
      },
    },
    async (request) => {
      const found = await context.callerOf(request).sessions.storage(request.params.session_id);
      if (found === null) throw noSuchSession();
      const { keys, expiresAt } = found;
      return {
        keys: keys.map(({ ttlSeconds, ...key }) => ({ ...key, ttl_seconds: ttlSeconds })),
        bytes: keys.reduce((sum, { bytes }) => sum + bytes, 0),
        expires_at: expiresAt.toISOString(),
      };
    },
  );
};
