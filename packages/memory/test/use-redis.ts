import { afterAll, afterEach, beforeAll, beforeEach } from "vitest";
import { type Connection, connectNodeRedis, removeKeys, uniqueName } from "./redis.ts";

/**
 * Connects for the tests of a file or a suite. Before each test `begin` is given a new name, whose keys are removed after
 * the test.
 */
export function useRedis(
  begin: (connection: Connection, name: string) => void | Promise<void>,
  connect: () => Promise<Connection> = connectNodeRedis,
): void {
  let connection: Connection;
  let name: string;
  beforeAll(async () => {
    connection = await connect();
  });
  afterAll(() => connection.close());
  beforeEach(() => {
    name = uniqueName();
    return begin(connection, name);
  });
  afterEach(() => removeKeys(connection, name));
}
