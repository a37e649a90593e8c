import { loadConfig } from "../../src/config/config.ts";
import { ApiKeys } from "../../src/identity/api-keys.ts";
import { IdentityStore } from "../../src/storage/identity-store.ts";
import { connectRedis, KEY_NAME } from "../../src/storage/redis.ts";
import type { System } from "../faults/system.ts";

const silent = { warn() {}, info() {} };

/** Creates an API key for each owner, as `npm run keys` does, and returns their headers. */
export async function headersOf<Owner extends string>(
  system: System,
  ...owners: Owner[]
): Promise<Record<Owner, { authorization: string }>> {
  const redis = await connectRedis(loadConfig({ REDIS_URL: system.redis.url }).redis, silent);
  const keys = new ApiKeys(new IdentityStore(redis.client, KEY_NAME));
  try {
    const made = owners.map(async (owner) => {
      const { key } = await keys.create({ owner });
      return [owner, { authorization: `Bearer ${key}` }] as const;
    });
    return Object.fromEntries(await Promise.all(made)) as Record<Owner, { authorization: string }>;
  } finally {
    redis.close();
  }
}

export interface Call {
  readonly method: string;
  readonly path: string;
}

/** Every route that the API describes. */
export async function routesOf(base: string): Promise<Call[]> {
  const { paths } = (await (await fetch(`${base}/openapi.json`)).json()) as {
    paths: Record<string, Record<string, unknown>>;
  };
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => ({ method: method.toUpperCase(), path })),
  );
}

/** Runs `work` on all items, this many at a time. */
export async function each<Item>(
  items: Iterable<Item>,
  atOnce: number,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const iterator = items[Symbol.iterator]();
  const worker = async (): Promise<void> => {
    for (let next = iterator.next(); !next.done; next = iterator.next()) await work(next.value);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}
