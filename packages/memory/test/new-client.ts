import { RedisClient } from "@redis/client";

/**
 * Makes a client, not connected. `createClient` builds a class of all commands whenever its options differ from those of
 * its last call, which takes longer than what most tests do with the client. This class is built once in a process.
 */
export const newClient = RedisClient.factory();
