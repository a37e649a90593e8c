export { fromLangChainMessages, toLangChainMessages } from "./convert.ts";
export { type HistoryWindow, RedisMemoryHistory } from "./history.ts";
