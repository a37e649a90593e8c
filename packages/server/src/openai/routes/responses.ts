import { randomUUID } from "node:crypto";
import {
  compaction,
  createResponse as createBody,
  deletedResponse,
  includeQuery,
  inputTokens,
  itemList,
  listQuery,
  response,
} from "@redis-memory-magic/protocol/openai";
import { z } from "zod";
import type { Caller } from "../../chat/caller.ts";
import { AppError } from "../../errors/app-error.ts";
import { disconnected } from "../../http/wire/disconnected.ts";
import { MAX_MESSAGE_BYTES } from "../../http/wire/web-socket.ts";
import { refusal } from "../api-error.ts";
import { compact } from "../compaction.ts";
import { included, toApiItems } from "../conversation-items.ts";
import { createResponse, readHistory, readRequest } from "../create-response.ts";
import { isChain, parseResponseId, responseId, type TurnAddress } from "../ids.ts";
import { pageOf } from "../item-list.ts";
import type { OpenAiRoutes } from "../openai-routes.ts";
import { toResponse, usageOf } from "../response.ts";
import { readTurn } from "../run-again.ts";
import { atBegin, atEnd, ofStored } from "../snapshot.ts";
import { streamResponse } from "../stream-response.ts";
import { toUnixSeconds } from "../unix-seconds.ts";

const params = z.object({ response_id: z.string() });
const eventStream = { "text/event-stream": { schema: z.string() } };

/** Routes for responses: to create, read, replay, cancel and delete them. */
export const responseRoutes: OpenAiRoutes = (context) => async (app) => {
  const { chat, callerOf } = context;

  const read = (caller: Caller, address: TurnAddress) =>
    readTurn(chat, caller, address).catch(
      refusal({ turn_not_found: () => unknownResponse(responseId(address)) }),
    );

  app.post(
    "/responses",
    {
      bodyLimit: MAX_MESSAGE_BYTES,
      config: { concurrency: "turn" },
      schema: {
        summary: "Create a response; with stream: true it is streamed",
        body: createBody,
        response: {
          200: {
            description: "The response, or its events",
            content: { "application/json": { schema: response }, ...eventStream },
          },
        },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const turn = await createResponse(context, caller, request.body, disconnected(reply));
      if (request.body.background && !request.body.stream) return toResponse(atBegin(turn));
      if (request.body.stream) return streamResponse(reply, context, caller, turn, -1);
      const result = await turn.result();
      if (result.error) throw result.error;
      return toResponse(await atEnd(caller.sessions, turn, result));
    },
  );

  app.post(
    "/responses/input_tokens",
    {
      bodyLimit: MAX_MESSAGE_BYTES,
      schema: {
        summary: "Count the tokens that a response would be sent; no model is called",
        body: createBody,
        response: { 200: inputTokens },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const read = await readRequest(context, caller.sessions, request.body);
      const history = await readHistory(
        { chat, caller, ...read, clientGone: disconnected(reply) },
        read.parent,
      );
      const report = await context.reports.preview(caller.sessions, {
        ...read.request,
        unstored: { history },
      });
      return { object: "response.input_tokens" as const, input_tokens: report.tokens.counted };
    },
  );

  app.post(
    "/responses/compact",
    {
      bodyLimit: MAX_MESSAGE_BYTES,
      config: { concurrency: "turn" },
      schema: {
        summary: "Shorten a conversation: a model summarizes its answers, or they are cut; nothing is stored",
        body: createBody,
        response: { 200: compaction },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const { output, info } = await compact(context, caller, request.body, disconnected(reply));
      return {
        id: `cmp_${randomUUID().replaceAll("-", "")}`,
        object: "response.compaction" as const,
        created_at: toUnixSeconds(new Date()),
        output: [...output],
        usage: usageOf(info ?? {}),
      };
    },
  );

  app.get(
    "/responses/:response_id",
    {
      config: { concurrency: "stream" },
      schema: {
        summary: "A response; with stream=true its events, from the start or behind starting_after",
        params,
        querystring: z.object({
          stream: z.enum(["true", "false"]).optional(),
          starting_after: z.coerce.number().int().min(-1).optional(),
        }),
        response: {
          200: {
            description: "The response, or its events",
            content: { "application/json": { schema: response }, ...eventStream },
          },
        },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const address = addressOf(request.params.response_id);
      const { stream, starting_after: after = -1 } = request.query;
      if (stream !== "true") return toResponse(ofStored(await read(caller, address)));
      const turn = await chat
        .find(caller.sessions, address.sessionId, address.turnId)
        .catch(refusal({ turn_not_found: () => unknownResponse(responseId(address)) }));
      return streamResponse(reply, context, caller, turn, after);
    },
  );

  app.post(
    "/responses/:response_id/cancel",
    {
      schema: { summary: "Cancel a response, whichever server runs it", params, response: { 200: response } },
    },
    async (request) => {
      const caller = callerOf(request);
      const { address, record } = await read(caller, addressOf(request.params.response_id));
      const { status } = record;
      if (status !== "running" && status !== "cancelled") {
        throw new AppError("invalid_request", `The response has ended as ${status}: it cannot be cancelled.`);
      }
      await chat.cancel(caller.sessions, address.sessionId, address.turnId);
      return toResponse(ofStored(await read(caller, address)));
    },
  );

  app.delete(
    "/responses/:response_id",
    {
      schema: {
        summary: "Delete a response; what it said stays in the history of later ones",
        params,
        response: { 200: deletedResponse },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const { sessions } = caller;
      const first = addressOf(request.params.response_id);
      const { sessionId, turnId } = first;
      const { address } = await read(caller, first);
      let left = await sessions.forget(sessionId, address.turnId);
      if (left === "unknown") throw unknownResponse(request.params.response_id);
      if (left === "running") {
        throw new AppError("invalid_request", "The response is in progress. Cancel it before you delete it.");
      }
      if (address !== first) left = await sessions.forget(sessionId, turnId);
      if (left === 0 && isChain(sessionId)) await chat.clear(sessions, sessionId);
      return { id: responseId({ sessionId, turnId }), object: "response" as const, deleted: true as const };
    },
  );

  app.get(
    "/responses/:response_id/input_items",
    {
      schema: {
        summary: "What a response was given",
        params,
        querystring: listQuery.extend(includeQuery.shape),
        response: { 200: itemList },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const { sessions } = caller;
      const { address, record } = await read(caller, addressOf(request.params.response_id));
      const { sessionId } = address;
      const items = await sessions.inputOf(sessionId, record);
      const page = pageOf(await toApiItems(sessions, sessionId, items), request.query);
      return { ...page, data: await included(sessions, sessionId, page.data, request.query) };
    },
  );
};

function addressOf(id: string): TurnAddress {
  const address = parseResponseId(id);
  if (address === undefined) throw unknownResponse(id);
  return address;
}

const unknownResponse = (id: string): AppError =>
  new AppError(
    "response_not_found",
    `There is no response ${JSON.stringify(id)}: it was not stored, was deleted, or has expired.`,
  );
