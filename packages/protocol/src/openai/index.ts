export * from "./chat-completions.ts";
export * from "./conversations.ts";
export * from "./embeddings.ts";
export * from "./items.ts";
export * from "./responses.ts";
