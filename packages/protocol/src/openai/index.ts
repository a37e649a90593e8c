export * from "./conversations.ts";
export * from "./items.ts";
export * from "./responses.ts";
