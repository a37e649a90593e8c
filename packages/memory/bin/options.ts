import { parseArgs } from "node:util";
import {
  fromAgentMemoryServer,
  fromLangChain,
  fromLangChainRedis,
  fromRedisVl,
  type ImportSource,
  type RedisClient,
} from "../src/index.ts";

export const USAGE = `Imports conversations into Redis, as MessageHistory keeps them. The source is only read. Run again, it adds
what is missing and nothing twice.

  npx @redis-memory-magic/memory import --from LAYOUT --url URL --ttl-seconds N [options]

  --from LAYOUT      redisvl, langchain-js, langchain-python, langchain-redis or agent-memory-server
  --url URL          the Redis to read from, as redis://user:password@host:port/database; of a cluster, each of
                     its masters: --url A --url B --url C
  --ttl-seconds N    how long a session lives after its last use
  --prefix TEXT      what the keys to read begin with; needed for redisvl: its name or prefix
  --to-url URL       the Redis to write to; the same, if it is not given
  --name NAME        what the keys written begin with; chat_history, if it is not given
  --owner OWNER      whose sessions they become; local, if it is not given
`;

/** Something on the command line is wrong. */
export class UsageError extends Error {}

export interface ImportCommand {
  readonly urls: readonly string[];
  readonly toUrl: string;
  readonly ttlSeconds: number;
  readonly history: { readonly name?: string; readonly owner?: string };
  readonly source: (client: readonly RedisClient[]) => ImportSource;
}

/** @throws UsageError */
export function readCommand(args: readonly string[]): ImportCommand {
  const { values, positionals } = parse(args);
  const [command, ...more] = positionals;
  if (command !== "import" || more.length > 0) throw new UsageError("The command is: import");
  const { from, url: urls = [], "ttl-seconds": ttl, "to-url": toUrl = urls[0], prefix, name, owner } = values;
  if (toUrl === undefined) throw new UsageError("--url is missing: the Redis to read from");
  const ttlSeconds = Number(ttl);
  if (!Number.isSafeInteger(ttlSeconds) || ttlSeconds < 1) {
    throw new UsageError(
      "--ttl-seconds is missing or no whole number: how long a session lives after its last use",
    );
  }
  return {
    urls,
    toUrl,
    ttlSeconds,
    history: { ...(name !== undefined && { name }), ...(owner !== undefined && { owner }) },
    source: sourceOf(from, prefix),
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        from: { type: "string" },
        url: { type: "string", multiple: true },
        "to-url": { type: "string" },
        "ttl-seconds": { type: "string" },
        prefix: { type: "string" },
        name: { type: "string" },
        owner: { type: "string" },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function sourceOf(from: string | undefined, prefix: string | undefined): ImportCommand["source"] {
  const given = prefix === undefined ? {} : { prefix };
  // One client that is a cluster's is refused by the source: it would find a part only.
  const of = ([first, ...others]: readonly RedisClient[]) => {
    if (first === undefined) throw new UsageError("--url is missing: the Redis to read from");
    return { client: others.length === 0 ? first : [first, ...others] };
  };
  switch (from) {
    case "redisvl":
      if (prefix === undefined)
        throw new UsageError("--prefix is missing: the name or prefix of the RedisVL history");
      return (client) => fromRedisVl({ ...of(client), prefix });
    case "langchain-js":
      return (client) => fromLangChain({ ...of(client), ...given });
    case "langchain-python":
      return (client) => fromLangChain({ ...of(client), prefix: "message_store:", ...given });
    case "langchain-redis":
      return (client) => fromLangChainRedis({ ...of(client), ...given });
    case "agent-memory-server":
      return (client) => fromAgentMemoryServer(of(client));
    default:
      throw new UsageError(
        "--from must be redisvl, langchain-js, langchain-python, langchain-redis or agent-memory-server",
      );
  }
}
