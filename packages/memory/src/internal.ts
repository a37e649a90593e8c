// For this project's server, which backs up, counts and deletes keys by name. Not covered by semantic versioning.
export { indexKeys, LOCAL_OWNER, parseKey, sessionKeys } from "./redis/keys.ts";
export { MAX_TERMS, termsOf } from "./search/terms.ts";
export { unstoredTurn } from "./turns/unstored-turn.ts";
