import { afterAll, afterEach, beforeAll } from "vitest";
import { type Connection, connectNodeRedis } from "./redis.ts";
import { type Server, serverBinary, startServer } from "./servers.ts";

/** A Redis for the tests of one file, which is emptied after each of them. */
export function ownRedis(): { readonly server: Server; readonly redis: Connection } {
  const own = {} as { server: Server; redis: Connection };
  beforeAll(async () => {
    own.server = await startServer(serverBinary());
    own.redis = await connectNodeRedis(own.server.url);
  });
  afterEach(() => own.redis.command("FLUSHALL"));
  afterAll(async () => {
    await own.redis?.close();
    await own.server?.stop();
  });
  return own;
}
