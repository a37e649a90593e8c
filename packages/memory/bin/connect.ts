import type { RedisClient } from "../src/index.ts";

const CONNECT_MS = 5_000;

/** A client of each URL. @throws Error that says which Redis could not be reached, without its password */
export async function connect(urls: readonly string[]): Promise<{ clients: RedisClient[]; close(): void }> {
  const { createClient } = await import("@redis/client").catch(() => {
    throw new Error("The command needs the package @redis/client: npm install @redis/client");
  });
  const clients: ReturnType<typeof createClient>[] = [];
  const close = (): void => {
    for (const client of clients) if (client.isOpen) client.destroy();
  };
  for (const url of urls) {
    try {
      const client = createClient({ url, socket: { connectTimeout: CONNECT_MS, reconnectStrategy: false } });
      client.on("error", () => {
        // What it is needed for fails, and says so.
      });
      await client.connect();
      clients.push(client as (typeof clients)[number]);
    } catch (error) {
      close();
      throw new Error(`No Redis can be reached at ${shown(url)}: ${reason(error)}`, { cause: error });
    }
  }
  return { clients, close };
}

function shown(url: string): string {
  return URL.canParse(url) ? new URL(url).host : "that address, which is no URL";
}

const reason = (error: unknown): string =>
  error instanceof AggregateError
    ? error.errors.map((one: Error) => one.message).join("; ")
    : (error as Error).message;
