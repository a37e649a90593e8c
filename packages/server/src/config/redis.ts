import { z } from "zod";
import { host, linkedPort, port } from "./fields.ts";
import { readNamedFile } from "./named-file.ts";

/** The address of one server: a Redis, a sentinel, or a node of a Cluster. */
export interface RedisAddress {
  readonly host: string;
  readonly port: number;
}

/** Which server has the data: the one that is named, the master that sentinels name, or the masters of a Cluster. */
type Topology = "single" | "sentinel" | "cluster";

const DEFAULT_PORTS = { single: 6379, sentinel: 26_379, cluster: 6379 } as const;

const FORMS = [
  "must be such as redis://user:password@host:6379/0, redis+sentinel://host-1,host-2,host-3/master-name",
  "or redis+cluster://host-1,host-2,host-3; with rediss instead of redis for TLS; with : / ? # @ and % in a password percent-encoded",
].join(", ");

const NO_SOCKETS = "must not be a Unix socket: use redis://host:port";

// Parameters of other programs' URLs (`ssl_cert_reqs`, `protocol`) have no meaning here.
const QUERY = /\?[^#]*$/;

// Not by `URL`, which knows one host only.
const PATTERN =
  /^(?:redis|valkey)(s?)(?:\+(sentinel|cluster))?:\/\/(?:([^@/]*)@)?([^/?#@]+)(?:\/([^?#]*))?$/i;

const redisUrl = z.string().transform((text, context) => {
  const parsed = parseRedisUrl(text);
  if (parsed !== null) return parsed;
  context.addIssue(/^(unix|redis\+socket):/i.test(text) ? NO_SOCKETS : FORMS);
  return z.NEVER;
});

/** The address of Redis and the credentials. */
export const redisVariables = {
  REDIS_URL: redisUrl.optional(),
  REDIS_HOST: host.default("localhost"),
  REDIS_PORT: z.preprocess((text) => linkedPort(text) ?? text, port.default(6379)),
  REDIS_DB: z.coerce.number().int().nonnegative().default(0),
  REDIS_PASSWORD: z.string().optional(),
  REDIS_SENTINEL_PASSWORD: z.string().optional(),
  REDIS_TLS_CA_FILE: z.string().optional(),
};

const shape = z.object(redisVariables);
type RedisVariables = z.infer<typeof shape>;

export function toRedis(e: RedisVariables, mistakes: string[]) {
  const byParts = {
    topology: "single" as Topology,
    nodes: [{ host: e.REDIS_HOST, port: e.REDIS_PORT }] as readonly RedisAddress[],
    /** The name that sentinels have for the master. */
    masterName: undefined as string | undefined,
    database: e.REDIS_DB,
    username: undefined as string | undefined,
    password: e.REDIS_PASSWORD,
    tls: false,
  };
  const { tls, ...where } = e.REDIS_URL ?? byParts;
  const caFile = tls ? e.REDIS_TLS_CA_FILE : undefined;
  return {
    ...where,
    sentinelPassword: e.REDIS_SENTINEL_PASSWORD,
    tls: tls ? { ca: caFile && readNamedFile("REDIS_TLS_CA_FILE", caFile, mistakes) } : undefined,
  } as const;
}

export type RedisConfig = ReturnType<typeof toRedis>;

/** Null: the URL has none of the forms. */
function parseRedisUrl(text: string) {
  const [query = ""] = QUERY.exec(text) ?? [];
  const [, tls, kind = "single", login, hosts = "", path = ""] = PATTERN.exec(text.replace(QUERY, "")) ?? [];
  if (tls === undefined) return null;
  const topology = kind.toLowerCase() as Topology;
  const nodes = hosts.split(",").map((host) => parseNode(host, DEFAULT_PORTS[topology]));
  const names = path.split("/").filter((part) => part !== "");
  const masterName = topology === "sentinel" ? names.shift() : undefined;
  const [database = new URLSearchParams(query).get("db") ?? "0", ...rest] = names;
  const [username, password] = parseLogin(login);
  const wrong =
    rest.length > 0 ||
    !/^\d{1,4}$/.test(database) ||
    (topology === "single" && nodes.length > 1) ||
    (topology === "sentinel" && masterName === undefined) ||
    // A Cluster has one database.
    (topology === "cluster" && database !== "0");
  if (wrong || username === null || nodes.some((node) => node === null)) return null;
  return {
    topology,
    nodes: nodes.filter((node) => node !== null),
    masterName,
    database: Number(database),
    username,
    password,
    tls: tls !== "",
  };
}

function parseNode(text: string, defaultPort: number): RedisAddress | null {
  const [, ipv6, name, digits] = /^(?:\[([\da-f:.]+)\]|([^[\]:\s]+))(?::(\d{1,5}))?$/i.exec(text) ?? [];
  const host = ipv6 ?? name;
  const number = digits === undefined ? defaultPort : Number(digits);
  return host === undefined || number < 1 || number > 65_535 ? null : { host, port: number };
}

/** User name and password, each percent-decoded; null: it cannot be decoded. */
function parseLogin(text = ""): [username: string | undefined | null, password: string | undefined] {
  const colon = text.indexOf(":");
  const parts = colon === -1 ? [text] : [text.slice(0, colon), text.slice(colon + 1)];
  try {
    const [username, password] = parts.map(decodeURIComponent);
    return [username || undefined, password || undefined];
  } catch {
    return [null, undefined];
  }
}
