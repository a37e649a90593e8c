import { completion, createCompletion as createBody } from "@redis-memory-magic/protocol/openai";
import type { FastifyReply } from "fastify";
import { z } from "zod";
import type { AskedTurn } from "../../chat/asked-turn.ts";
import { type StreamWatch, sendEvents } from "../../http/wire/event-stream.ts";
import { toOpenAiError } from "../api-error.ts";
import { CompletionChunks, toCompletion } from "../completion.ts";
import { createCompletion } from "../create-completion.ts";
import { disconnected, MAX_BODY_BYTES } from "../long-request.ts";
import type { OpenAiRoutes } from "../openai-routes.ts";

/** Route for clients that speak Chat Completions only. */
export const chatCompletionRoutes: OpenAiRoutes = (context) => async (app) => {
  app.post(
    "/chat/completions",
    {
      bodyLimit: MAX_BODY_BYTES,
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
      const turn = await createCompletion(context, context.callerOf(request), body, disconnected(reply));
      if (body.stream) {
        return streamCompletion(reply, turn, body.stream_options?.include_usage === true, context.metrics);
      }
      const result = await turn.result();
      if (result.error) throw result.error;
      return toCompletion(turn, result);
    },
  );
};

/** Streams a completion. One that fails before its first word is answered with its error's status. */
async function streamCompletion(
  reply: FastifyReply,
  turn: AskedTurn,
  withUsage: boolean,
  watch: StreamWatch,
): Promise<void> {
  for await (const first of turn.follow(0)) {
    const { error } = first.type === "end" ? await turn.result() : {};
    if (error) throw error;
    break;
  }
  return sendEvents(reply, watch, turn.turnId, async (stream) => {
    const chunks = new CompletionChunks(turn);
    void stream.write(chunks.begin());
    stream.begun();
    for await (const update of turn.follow(0, stream.left)) {
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
