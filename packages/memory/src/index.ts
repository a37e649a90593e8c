export type { ArchivedBlob, ArchivedSession } from "./archive/archived-session.ts";
export { SessionArchive } from "./archive/session-archive.ts";
export type { CopiedBlob } from "./archive/session-copy.ts";
export type { SessionImport, SessionImportMessage } from "./archive/session-import.ts";
export type { ForkOptions } from "./archive/session-snapshot.ts";
export type { BlobData, BlobInfo } from "./blobs/blob-pieces.ts";
export {
  type PutBlob,
  type PutOptions,
  SessionBlobs,
  type SessionBlobsOptions,
} from "./blobs/session-blobs.ts";
export { MemoryError, type MemoryErrorCode } from "./errors.ts";
export { exportToRedisVl, type RedisVlTarget } from "./export/to-redisvl.ts";
export {
  type Item,
  type ItemTypes,
  isMessage,
  type Json,
  type Message,
  type NewItem,
  type NewMessage,
  type NewOtherItem,
  type OtherItem,
  type Role,
  type ToolCall,
} from "./history/item.ts";
export {
  type ItemChange,
  MessageHistory,
  type MessageHistoryOptions,
} from "./history/message-history.ts";
export { type LeftOut, type LeftOutReason, modelWindow } from "./history/model-window.ts";
export type { AddedMessage } from "./history/new-items.ts";
export type { RecentItemsOptions, RecentOptions } from "./history/recent.ts";
export { fromAgentMemoryServer } from "./import/agent-memory-server.ts";
export { type ImportOptions, type ImportProgress, importHistory } from "./import/import-history.ts";
export { fromLangChain, type LangChainOptions } from "./import/langchain.ts";
export { fromLangChainRedis, type LangChainRedisOptions } from "./import/langchain-redis.ts";
export { fromRedisVl, type RedisVlOptions } from "./import/redisvl.ts";
export type { ImportedMessage, ImportSource, RedisSourceOptions, SourceSession } from "./import/source.ts";
export type { NewNote, Note, NoteSource } from "./notes/note.ts";
export { Notes } from "./notes/notes.ts";
export type { MemoryOptions } from "./options.ts";
export type {
  IoRedisClient,
  IoRedisSubscriber,
  NodeRedisClient,
  NodeRedisSubscriber,
  RedisClient,
} from "./redis/client.ts";
export type { Subscriber } from "./redis/subscriptions.ts";
export type { Passage } from "./search/best-passage.ts";
export {
  type Embedder,
  EmbeddingError,
  type EmbeddingFailure,
  type EmbeddingPurpose,
} from "./search/embedder.ts";
export type { SearchHit, SearchOptions, SearchResult } from "./search/search-session.ts";
export type { SessionHit, SessionsSearchResult, SessionToSearch } from "./search/search-sessions.ts";
export type { ComparedVectors } from "./search/session-vectors.ts";
export { type Admission, OwnerQuota, type OwnerQuotaOptions } from "./sessions/owner-quota.ts";
export type { ForkPoint, SessionInfo } from "./sessions/session-info.ts";
export type { SessionStorage, StoredKey } from "./sessions/session-storage.ts";
export type { NoSummary, Summaries, Summary, SummaryRefusal } from "./summary/session-summary.ts";
export type { Summarizer, SummaryOutcome, SummaryPrompt } from "./summary/write-summary.ts";
export type {
  BeginOptions,
  BeginRefusal,
  BeginResult,
  IndexedItem,
  IndexedMessage,
  PeekResult,
  RetryRefusal,
  TurnHistory,
} from "./turns/begin-turn.ts";
export type { TurnOutcome, TurnOutput, TurnUpdate } from "./turns/turn-feed.ts";
export type { OutputItem } from "./turns/turn-log.ts";
export type { EndedTurn, ImportedTurn, TurnEnd, TurnRecord } from "./turns/turn-record.ts";
export type { EndOptions, FinishItem, StartItem, TurnWriter } from "./turns/turn-writer.ts";
export {
  type RunResult,
  type TurnState,
  Turns,
  type TurnsOptions,
} from "./turns/turns.ts";
