export type { ArchivedSession } from "./archived-session.ts";
export type {
  BeginOptions,
  Begun,
  FoundHistory,
  NotBegun,
  Peeked,
  PlacedMessage,
  RetryRefusal,
} from "./begin-turn.ts";
export type {
  IoRedisClient,
  IoRedisSubscriber,
  NodeRedisClient,
  NodeRedisSubscriber,
  RedisClient,
} from "./client.ts";
export { MemoryError, type MemoryErrorCode } from "./errors.ts";
export { fromAgentMemoryServer } from "./import/agent-memory-server.ts";
export { type ImportOptions, type ImportProgress, importHistory } from "./import/import-history.ts";
export { fromLangChain, type LangChainOptions } from "./import/langchain.ts";
export { fromLangChainRedis, type LangChainRedisOptions } from "./import/langchain-redis.ts";
export { fromRedisVl, type RedisVlOptions } from "./import/redisvl.ts";
export type { ImportedMessage, ImportSource, RedisSourceOptions, SourceSession } from "./import/source.ts";
export { indexKeys, LOCAL_OWNER, parseKey, sessionKeys } from "./keys.ts";
export type { Json, Message, NewMessage, Role, ToolCall } from "./message.ts";
export {
  type AddedMessage,
  MessageHistory,
  type MessageHistoryOptions,
} from "./message-history.ts";
export type { MemoryOptions } from "./options.ts";
export { type Admission, OwnerQuota, type OwnerQuotaOptions } from "./owner-quota.ts";
export type { RecentOptions } from "./recent.ts";
export type { RestoredMessage, RestoredSession } from "./restored-session.ts";
export { SessionArchive } from "./session-archive.ts";
export type { ForkPoint, SessionInfo } from "./session-info.ts";
export type { SessionStorage, StoredKey } from "./session-storage.ts";
export type { Subscriber } from "./subscriptions.ts";
export type { TurnOutcome, TurnUpdate } from "./turn-feed.ts";
export type { EndedTurn, TurnEnd, TurnRecord } from "./turn-record.ts";
export type { TurnWriter } from "./turn-writer.ts";
export {
  type TurnState,
  Turns,
  type TurnsOptions,
} from "./turns.ts";
export { unstoredTurn } from "./unstored-turn.ts";
