export * from "./items.ts";
export * from "./responses.ts";
