export { fromAgents, toAgents } from "./convert.ts";
export { RedisMemorySession } from "./session.ts";
