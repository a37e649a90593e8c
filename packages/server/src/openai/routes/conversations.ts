import type { NewItem, SessionInfo } from "@redis-memory-magic/memory";
import type { InputItem, ItemList } from "@redis-memory-magic/protocol/openai";
import {
  addItems,
  type Conversation,
  conversation,
  createConversation,
  deletedConversation,
  includeQuery,
  itemList,
  listQuery,
  metadata,
  outputItem,
  updateConversation,
} from "@redis-memory-magic/protocol/openai";
import { z } from "zod";
import type { Caller } from "../../chat/caller.ts";
import { asItem } from "../../chat/plan.ts";
import { changeMetadata, fieldOf } from "../../chat/session-metadata.ts";
import { storeBlobs } from "../../chat/store-blobs.ts";
import { AppError } from "../../errors/app-error.ts";
import { MAX_MESSAGE_BYTES } from "../../http/wire/web-socket.ts";
import { apiTypeOf, toApiItem } from "../api-items.ts";
import { findItem, included, pageOfItems, toApiItems } from "../conversation-items.ts";
import { orClear } from "../create-response.ts";
import { conversationId, itemId, newConversation, parseConversationId } from "../ids.ts";
import { readInput } from "../input-items.ts";
import { listOf } from "../item-list.ts";
import type { OpenAiRoutes } from "../openai-routes.ts";
import { unknownConversation } from "../parent.ts";
import { toUnixSeconds } from "../unix-seconds.ts";

/** Where the metadata of a conversation is among that of its session. */
const FIELD = "conversation";

const params = z.object({ conversation_id: z.string() });
const itemParams = params.extend({ item_id: z.string() });

/** Routes for conversations and their items. */
export const conversationRoutes: OpenAiRoutes =
  ({ chat, callerOf, ttlSeconds }) =>
  async (app) => {
    app.post(
      "/conversations",
      {
        bodyLimit: MAX_MESSAGE_BYTES,
        schema: {
          summary: "Create a conversation",
          body: createConversation,
          response: { 200: conversation },
        },
      },
      async (request) => {
        const caller = callerOf(request);
        const { metadata: pairs, items } = request.body;
        const sessionId = newConversation();
        const metadata = { [FIELD]: pairs ?? {} };
        const given = readInput(items ?? [], "items");
        const createdAt = await orClear(chat, caller, sessionId, async () => {
          // Blobs are stored in a session that is there.
          const session = { items: [], metadata, ttlSeconds };
          const at = await caller.sessions.create(sessionId, session, caller.quota);
          if (given.length > 0) await append(caller, sessionId, given);
          return at;
        });
        return toConversation({ id: sessionId, createdAt, metadata });
      },
    );

    app.get(
      "/conversations/:conversation_id",
      { schema: { summary: "A conversation", params, response: { 200: conversation } } },
      async (request) => read(callerOf(request), sessionOf(request.params.conversation_id)),
    );

    app.post(
      "/conversations/:conversation_id",
      {
        schema: {
          summary: "Replace the metadata of a conversation",
          params,
          body: updateConversation,
          response: { 200: conversation },
        },
      },
      async (request) => {
        const caller = callerOf(request);
        const sessionId = sessionOf(request.params.conversation_id);
        const pairs = request.body.metadata ?? {};
        await changeMetadata(caller.sessions, sessionId, FIELD, () => pairs, caller.quota);
        return read(caller, sessionId);
      },
    );

    app.delete(
      "/conversations/:conversation_id",
      {
        schema: {
          summary: "Delete a conversation with its items and responses",
          params,
          response: { 200: deletedConversation },
        },
      },
      async (request) => {
        const id = request.params.conversation_id;
        if (!(await chat.clear(callerOf(request).sessions, sessionOf(id)))) throw unknownConversation(id);
        return { id, object: "conversation.deleted" as const, deleted: true as const };
      },
    );

    app.post(
      "/conversations/:conversation_id/items",
      {
        bodyLimit: MAX_MESSAGE_BYTES,
        schema: {
          summary: "Add items to a conversation",
          params,
          body: addItems,
          response: { 200: itemList },
        },
      },
      async (request) => {
        const caller = callerOf(request);
        const sessionId = await existing(caller, request.params.conversation_id);
        return add(caller, sessionId, request.body.items);
      },
    );

    app.get(
      "/conversations/:conversation_id/items",
      {
        schema: {
          summary: "A conversation's items",
          params,
          querystring: listQuery.extend(includeQuery.shape),
          response: { 200: itemList },
        },
      },
      async (request) => {
        const caller = callerOf(request);
        const sessionId = await existing(caller, request.params.conversation_id);
        return pageOfItems(caller.sessions, sessionId, request.query);
      },
    );

    app.get(
      "/conversations/:conversation_id/items/:item_id",
      {
        schema: {
          summary: "One item",
          params: itemParams,
          querystring: includeQuery,
          response: { 200: outputItem },
        },
      },
      async (request) => {
        const caller = callerOf(request);
        const { conversation_id, item_id } = request.params;
        const sessionId = await existing(caller, conversation_id);
        const found = await findItem(caller.sessions, sessionId, item_id);
        const items = found ? await toApiItems(caller.sessions, sessionId, [found]) : [];
        const [item] = await included(caller.sessions, sessionId, items, request.query);
        if (item === undefined) throw unknownItem(item_id);
        return item;
      },
    );

    app.delete(
      "/conversations/:conversation_id/items/:item_id",
      { schema: { summary: "Delete an item", params: itemParams, response: { 200: conversation } } },
      async (request) => {
        const caller = callerOf(request);
        const { conversation_id, item_id } = request.params;
        const sessionId = await existing(caller, conversation_id);
        const found = await findItem(caller.sessions, sessionId, item_id);
        const isDropped = found !== null && (await caller.sessions.drop(sessionId, found.item.id));
        if (!isDropped) throw unknownItem(item_id);
        return read(caller, sessionId);
      },
    );
  };

/** @throws AppError `conversation_not_found` */
async function read({ sessions }: Caller, sessionId: string): Promise<Conversation> {
  const session = await sessions.get(sessionId);
  if (session === null) throw unknownConversation(conversationId(sessionId));
  return toConversation(session);
}

const toConversation = ({
  id,
  createdAt,
  metadata: all,
}: Pick<SessionInfo, "id" | "createdAt" | "metadata">): Conversation => ({
  id: conversationId(id),
  object: "conversation",
  created_at: toUnixSeconds(createdAt),
  metadata: metadata.safeParse(fieldOf(all, FIELD)).data ?? {},
});

async function add(
  { sessions, quota }: Caller,
  sessionId: string,
  given: readonly InputItem[],
): Promise<ItemList> {
  if (given.length === 0) return listOf([], false);
  const { items, ids } = await append({ sessions, quota }, sessionId, readInput([...given], "items"));
  const added = items.map(asItem).map((item, n) => {
    const place = { sessionId, itemId: ids[n] ?? "" };
    return toApiItem(item, itemId(apiTypeOf(item), place));
  });
  return listOf(added, false);
}

/** Appends items, with their images and files stored apart. */
async function append(
  { sessions, quota }: Pick<Caller, "sessions" | "quota">,
  sessionId: string,
  given: readonly NewItem[],
) {
  const items = await storeBlobs(sessions, sessionId, given, quota, "items");
  const { ids } = await sessions.append(sessionId, items, quota);
  return { items, ids };
}

/** The session of a conversation that is there. @throws AppError `conversation_not_found` */
async function existing(caller: Caller, id: string): Promise<string> {
  const sessionId = sessionOf(id);
  await read(caller, sessionId);
  return sessionId;
}

function sessionOf(id: string): string {
  const sessionId = parseConversationId(id);
  if (sessionId === undefined) throw unknownConversation(id);
  return sessionId;
}

const unknownItem = (id: string): AppError =>
  new AppError("message_not_found", `There is no item ${JSON.stringify(id)} in this conversation.`);
