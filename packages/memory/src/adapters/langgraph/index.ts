export type { LangGraphOptions } from "./options.ts";
export { RedisMemorySaver } from "./saver.ts";
export { RedisMemoryStore } from "./store.ts";
