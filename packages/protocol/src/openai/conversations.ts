import { z } from "zod";
import { inputItem, metadata } from "./items.ts";

const items = z.array(inputItem).max(1000);

export const createConversation = z.looseObject({ metadata: metadata.nullish(), items: items.nullish() });
export const updateConversation = z.looseObject({ metadata: metadata.nullable() });
export const addItems = z.looseObject({ items });

export const conversation = z.object({
  id: z.string(),
  object: z.literal("conversation"),
  created_at: z.int(),
  metadata: metadata,
});
export type Conversation = z.infer<typeof conversation>;

export const deletedConversation = z.object({
  id: z.string(),
  object: z.literal("conversation.deleted"),
  deleted: z.literal(true),
});
