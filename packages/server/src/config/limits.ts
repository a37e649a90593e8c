import { PROVIDER_IDS, type ProviderId } from "@redis-memory-magic/protocol";
import { z } from "zod";
import { list, parseOrUndefined, positive } from "./fields.ts";
import { GUEST_TTL_SECONDS } from "./identity.ts";
import { readNamedFile } from "./named-file.ts";

/** Off, or so much: null is off. */
const limit = z.union([z.literal("off").transform(() => null), positive], "must be a whole number, or off");
const amount = z.union(
  [z.literal("off").transform(() => null), z.coerce.number().positive()],
  "must be a number, or off",
);

const concurrency = list
  .pipe(
    z.array(
      z
        .string()
        .regex(
          new RegExp(`^(${PROVIDER_IDS.join("|")})=[1-9]\\d{0,5}$`),
          "must be such as chatgpt=64,ollama=4",
        ),
    ),
  )
  .transform((pairs) => {
    const entries = pairs.map((pair) => pair.split("=")) as [ProviderId, string][];
    return new Map(entries.map(([id, most]) => [id, Number(most)]));
  });

/** How much each may do. Without authentication nothing is limited unless it is said. */
export const limitVariables = {
  LIMIT_REQUESTS_PER_MINUTE: limit.optional(),
  LIMIT_STREAMS: limit.optional(),
  LIMIT_TOKENS_PER_DAY: limit.optional(),
  LIMIT_USD_PER_DAY: amount.optional(),
  LIMIT_SESSIONS: limit.optional(),
  LIMIT_STORED_BYTES: limit.optional(),
  LIMIT_ADDRESS_REQUESTS_PER_MINUTE: limit.optional(),
  LIMIT_ADDRESS_STREAMS: limit.optional(),
  LIMIT_ADDRESS_TOKENS_PER_DAY: limit.optional(),
  LIMIT_ADDRESS_USD_PER_DAY: amount.optional(),
  LIMIT_ADDRESS_STORED_BYTES_PER_DAY: limit.optional(),
  LIMITS_FILE: z.string().optional(),
  PROVIDER_CONCURRENCY: concurrency.optional(),
  PROVIDER_QUEUE: z.coerce.number().int().nonnegative().max(100_000).default(100),
  MAX_CONNECTIONS: positive.default(10_000),
  SESSION_TTL_MAX_SECONDS: positive.optional(),
};

/** The limits of one owner or one address. Null: not limited. */
export interface Allowances {
  readonly requestsPerMinute: number | null;
  /** Turns that run and event streams that are followed, at once. */
  readonly streams: number | null;
  readonly tokensPerDay: number | null;
  readonly usdPerDay: number | null;
  readonly sessions: number | null;
  /** Bytes of messages, as UTF-8. */
  readonly storedBytes: number | null;
  readonly storedBytesPerDay: number | null;
}

export const UNLIMITED: Allowances = {
  requestsPerMinute: null,
  streams: null,
  tokensPerDay: null,
  usdPerDay: null,
  sessions: null,
  storedBytes: null,
  storedBytesPerDay: null,
};
// More than a busy page needs; what money costs is for the operator to say.
const OWNER: Allowances = { ...UNLIMITED, requestsPerMinute: 600, streams: 20 };
const ADDRESS: Allowances = { ...UNLIMITED, requestsPerMinute: 6000, streams: 200 };
// Of guests it is the address alone that can be held to anything: docs/decisions/0009-limits-for-guests.md.
const GUESTS_ADDRESS: Allowances = { ...ADDRESS, usdPerDay: 5, storedBytesPerDay: 200_000_000 };

const shape = z.object(limitVariables);
type LimitVariables = z.infer<typeof shape> & {
  readonly AUTH: readonly string[];
  readonly SESSION_TTL_SECONDS: number;
};

const groupsFile = z.strictObject({
  groups: z.record(
    z.string().min(1).max(128),
    z.strictObject({
      requests_per_minute: limit.optional(),
      streams: limit.optional(),
      tokens_per_day: limit.optional(),
      usd_per_day: amount.optional(),
      sessions: limit.optional(),
      stored_bytes: limit.optional(),
    }),
  ),
});

export function toLimits(e: LimitVariables, mistakes: string[]) {
  const open = e.AUTH.includes("none");
  const guests = e.AUTH.includes("guest");
  const owner = override(open ? UNLIMITED : OWNER, {
    requestsPerMinute: e.LIMIT_REQUESTS_PER_MINUTE,
    streams: e.LIMIT_STREAMS,
    tokensPerDay: e.LIMIT_TOKENS_PER_DAY,
    usdPerDay: e.LIMIT_USD_PER_DAY,
    sessions: e.LIMIT_SESSIONS,
    storedBytes: e.LIMIT_STORED_BYTES,
  });
  const address = override(open ? UNLIMITED : guests ? GUESTS_ADDRESS : ADDRESS, {
    requestsPerMinute: e.LIMIT_ADDRESS_REQUESTS_PER_MINUTE,
    streams: e.LIMIT_ADDRESS_STREAMS,
    tokensPerDay: e.LIMIT_ADDRESS_TOKENS_PER_DAY,
    usdPerDay: e.LIMIT_ADDRESS_USD_PER_DAY,
    storedBytesPerDay: e.LIMIT_ADDRESS_STORED_BYTES_PER_DAY,
  });
  if (e.SESSION_TTL_MAX_SECONDS !== undefined && e.SESSION_TTL_MAX_SECONDS < e.SESSION_TTL_SECONDS) {
    mistakes.push("SESSION_TTL_MAX_SECONDS is less than SESSION_TTL_SECONDS, which every session is given.");
  }
  return {
    owner,
    address,
    groups: e.LIMITS_FILE === undefined ? new Map() : readGroups(e.LIMITS_FILE, owner, mistakes),
    providers: {
      concurrency: e.PROVIDER_CONCURRENCY ?? new Map<ProviderId, number>(),
      queue: e.PROVIDER_QUEUE,
    },
    connections: e.MAX_CONNECTIONS,
    /** So that one address cannot take all of them. */
    connectionsOfAddress: open ? null : Math.ceil(e.MAX_CONNECTIONS / 10),
    // A session that lives longer than its guest's cookie is visible to no caller.
    sessionTtlSeconds:
      e.SESSION_TTL_MAX_SECONDS ?? (guests ? Math.max(GUEST_TTL_SECONDS, e.SESSION_TTL_SECONDS) : undefined),
  } as const;
}

export type LimitsConfig = ReturnType<typeof toLimits>;

/** The groups with limits of their own; what a group does not name is as for everybody. */
function readGroups(file: string, defaults: Allowances, mistakes: string[]): Map<string, Allowances> {
  const text = readNamedFile("LIMITS_FILE", file, mistakes);
  if (text === undefined) return new Map();
  const content = parseOrUndefined(text);
  if (content === undefined) {
    mistakes.push(`LIMITS_FILE names ${file}, which is not JSON.`);
    return new Map();
  }
  const parsed = groupsFile.safeParse(content);
  for (const { path, message } of parsed.error?.issues ?? []) {
    mistakes.push(
      `LIMITS_FILE names ${file}, in which ${path.join(".") || "the whole"} is wrong: ${message}.`,
    );
  }
  const groups = Object.entries(parsed.data?.groups ?? {});
  return new Map(
    groups.map(([name, group]) => [
      name,
      override(defaults, {
        requestsPerMinute: group.requests_per_minute,
        streams: group.streams,
        tokensPerDay: group.tokens_per_day,
        usdPerDay: group.usd_per_day,
        sessions: group.sessions,
        storedBytes: group.stored_bytes,
      }),
    ]),
  );
}

type Given = { readonly [Name in keyof Allowances]?: number | null | undefined };

const override = (defaults: Allowances, given: Given): Allowances => ({
  ...defaults,
  ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
});
