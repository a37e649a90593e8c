import type { Mode, Problem } from "@redis-memory-magic/protocol";
import { problem } from "@redis-memory-magic/protocol";
import type { FastifyRequest } from "fastify";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import type { z } from "zod";
import type { Caller } from "../chat/caller.ts";
import type { Chat } from "../chat/chat.ts";
import type { Providers } from "../chat/providers.ts";
import type { Reports } from "../chat/reports.ts";
import type { Identity } from "../identity/identity.ts";
import type { UsageLimits } from "../limits/usage-limits.ts";
import type { Metrics } from "../observability/metrics.ts";

/** The parts that the routes use. */
export interface ApiContext {
  readonly chat: Chat;
  readonly reports: Reports;
  readonly providers: Providers;
  readonly identity: Identity;
  readonly limits: UsageLimits;
  /** The address at which users open the page. */
  readonly publicUrl: string;
  /** Origins of other pages that may use the API. */
  readonly allowedOrigins: readonly string[];
  readonly trustedProxies: readonly string[];
  readonly callerOf: (request: FastifyRequest) => Caller;
  readonly metrics: Metrics;
  /** The bearer token for the metrics. Absent: none is needed. */
  readonly metricsToken: string | undefined;
  /** Resolves with null if a turn could be stored, else with the reason. */
  readonly storageUnavailability: () => Promise<string | null>;
  readonly defaultMode: Mode;
  /** Of a request for one JSON document. */
  readonly maxMessageChars: number;
  /** Of a request for an event stream. */
  readonly maxStreamedMessageChars: number;
  readonly maxImageBytes: number;
  readonly sessionTtlSeconds: number;
}

export type App = Parameters<FastifyPluginAsyncZod>[0];

/**
 * Adds routes to a scope. Called directly: as a plugin each would get a scope of its own, which costs as much as all of its
 * routes. Only routes with hooks or an error format of their own are registered as plugins.
 */
export type Routes = (context: ApiContext) => (scope: App) => Promise<void>;

/** The problems that a route can answer with, for /docs. */
export function problems(...statuses: number[]): Record<number, { description: string; content: object }> {
  const content = { "application/problem+json": { schema: problem satisfies z.ZodType<Problem> } };
  return Object.fromEntries(statuses.map((status) => [status, { description: "A problem", content }]));
}
