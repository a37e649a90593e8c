export * from "./chat.ts";
export * from "./events.ts";
export * from "./ids.ts";
export * from "./problem.ts";
export * from "./providers.ts";
export * from "./sessions.ts";
export * from "./turns.ts";
export * from "./usage.ts";
