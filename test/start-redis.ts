import { serverBinary, startServer } from "../packages/memory/test/servers.ts";

/** Starts a Redis for the tests of a suite that use TEST_REDIS_URL, and returns how to stop it. */
export async function setup(): Promise<() => Promise<void>> {
  const { url, stop } = await startServer(serverBinary());
  process.env.TEST_REDIS_URL = url;
  return stop;
}
