import {
  completion,
  completionList,
  completionsQuery,
  createCompletion as createBody,
  deletedCompletion,
  itemList,
  messagesQuery,
  updateCompletion,
} from "@redis-memory-magic/protocol/openai";
import type { FastifyReply } from "fastify";
import { z } from "zod";
import type { AskedTurn } from "../../chat/asked-turn.ts";
import { disconnected } from "../../http/wire/disconnected.ts";
import { type StreamWatch, sendEvents } from "../../http/wire/event-stream.ts";
import { MAX_MESSAGE_BYTES } from "../../http/wire/web-socket.ts";
import { toOpenAiError } from "../api-error.ts";
import { CompletionChunks, toCompletion } from "../completion.ts";
import { createCompletion } from "../create-completion.ts";
import { pageOf } from "../item-list.ts";
import type { OpenAiRoutes } from "../openai-routes.ts";
import {
  listCompletions,
  messagesOf,
  readCompletion,
  toStoredCompletion,
  updateMetadata,
} from "../stored-completions.ts";

// Proxies close silent connections, often after 30 s: the first heartbeat comes 15 s behind this.
const EARLY_MS = 10_000;

/** Routes for clients that speak Chat Completions only. */
export const chatCompletionRoutes: OpenAiRoutes = (context) => async (app) => {
  app.post(
    "/chat/completions",
    {
      bodyLimit: MAX_MESSAGE_BYTES,
      config: { concurrency: "turn" },
      schema: {
        summary: "Create a chat completion; session_id keeps its history",
        body: createBody,
        response: {
          200: {
            description: "The completion, or its chunks",
            content: {
              "application/json": { schema: completion },
              "text/event-stream": { schema: z.string() },
            },
          },
        },
      },
    },
    async (request, reply) => {
      const { body } = request;
      const clientGone = disconnected(reply);
      const turn = await createCompletion(context, context.callerOf(request), body, clientGone);
      if (body.stream) {
        const withUsage = body.stream_options?.include_usage === true;
        return streamCompletion(reply, turn, withUsage, context.metrics, clientGone);
      }
      const result = await turn.result();
      if (result.error) throw result.error;
      return toCompletion(turn, result);
    },
  );

  const { callerOf, chat } = context;
  const params = z.object({ completion_id: z.string() });

  app.get(
    "/chat/completions",
    {
      schema: {
        summary: "The stored chat completions; model and metadata[key]=value choose among them",
        querystring: completionsQuery,
        response: { 200: completionList },
      },
    },
    async (request) => listCompletions(callerOf(request), request.query),
  );

  app.get(
    "/chat/completions/:completion_id",
    { schema: { summary: "A stored chat completion", params, response: { 200: completion } } },
    async (request) => {
      const caller = callerOf(request);
      return toStoredCompletion(caller.sessions, await readCompletion(caller, request.params.completion_id));
    },
  );

  app.post(
    "/chat/completions/:completion_id",
    {
      schema: {
        summary: "Replace the metadata of a stored chat completion",
        params,
        body: updateCompletion,
        response: { 200: completion },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const found = await readCompletion(caller, request.params.completion_id);
      return updateMetadata(caller, found, request.body.metadata ?? {});
    },
  );

  app.delete(
    "/chat/completions/:completion_id",
    { schema: { summary: "Delete a stored chat completion", params, response: { 200: deletedCompletion } } },
    async (request) => {
      const caller = callerOf(request);
      const id = request.params.completion_id;
      const { session } = await readCompletion(caller, id);
      await chat.clear(caller.sessions, session.id);
      return { id, object: "chat.completion.deleted" as const, deleted: true as const };
    },
  );

  app.get(
    "/chat/completions/:completion_id/messages",
    {
      schema: {
        summary: "The messages that a stored chat completion was asked with",
        params,
        querystring: messagesQuery,
        response: { 200: itemList },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const found = await readCompletion(caller, request.params.completion_id);
      return pageOf(await messagesOf(caller.sessions, found), request.query);
    },
  );
};

/**
 * Streams a completion. One that fails before its first word, and within 10 s, is answered with its error's status.
 * @param clientGone aborted when the client has disconnected
 */
async function streamCompletion(
  reply: FastifyReply,
  turn: AskedTurn,
  withUsage: boolean,
  watch: StreamWatch,
  clientGone: AbortSignal,
): Promise<void> {
  const early = AbortSignal.any([clientGone, AbortSignal.timeout(EARLY_MS)]);
  for await (const first of turn.follow(0, early)) {
    const { error } = first.type === "end" ? await turn.result() : {};
    if (error) throw error;
    break;
  }
  return sendEvents(reply, watch, turn.turnId, async (stream) => {
    const chunks = new CompletionChunks(turn);
    void stream.write(chunks.begin());
    stream.begun();
    for await (const update of turn.follow(0, stream.clientGone)) {
      if (update.type !== "end") {
        await stream.write(chunks.write(update));
        continue;
      }
      const result = await turn.result();
      const failure = result.error && `data: ${JSON.stringify(toOpenAiError(result.error).body)}\n\n`;
      await stream.write(failure ?? chunks.end(result, withUsage));
    }
  });
}
