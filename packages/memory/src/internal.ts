// For this project's server, which backs up, counts and deletes keys by name. Not covered by semantic versioning.
export { blobIdOf, isBlobId } from "./blobs/blob-id.ts";
export { setDeadline } from "./deadline.ts";
export { MAX_METADATA_BYTES } from "./history/message-history.ts";
export { LINE_BREAK } from "./line-break.ts";
export { YEAR_SECONDS } from "./notes/notes.ts";
export { indexKeys, LOCAL_OWNER, parseKey, sessionKeys } from "./redis/keys.ts";
export { MAX_TERMS, termsOf } from "./search/terms.ts";
export { messagesOf } from "./turns/begin-turn.ts";
export { unstoredTurn } from "./turns/unstored-turn.ts";
