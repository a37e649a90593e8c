import type { Mode, Problem } from "@redis-memory-magic/protocol";
import { problem } from "@redis-memory-magic/protocol";
import type { FastifyRequest } from "fastify";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import type { z } from "zod";
import type { Chat } from "../chat/chat.ts";
import type { Conversations } from "../chat/conversations.ts";
import type { Providers } from "../chat/providers.ts";
import type { Reports } from "../chat/reports.ts";
import type { Identity } from "../identity/identity.ts";
import type { Limits } from "../limits/limits.ts";
import type { Metrics } from "../observability/metrics.ts";

/** What the routes stand on. */
export interface ApiContext {
  readonly chat: Chat;
  readonly reports: Reports;
  readonly providers: Providers;
  readonly identity: Identity;
  readonly limits: Limits;
  /** Where people open the page. */
  readonly publicUrl: string;
  /** Other pages that may use the API. */
  readonly allowedOrigins: readonly string[];
  readonly trustedProxies: readonly string[];
  /** The conversations of whoever makes a request. */
  readonly conversationsOf: (request: FastifyRequest) => Conversations;
  readonly metrics: Metrics;
  /** Who brings it reads the metrics. */
  readonly metricsToken: string | undefined;
  /** Whether Redis answers. */
  readonly storageReady: () => Promise<boolean>;
  readonly defaultMode: Mode;
  readonly maxMessageChars: number;
  readonly sessionTtlSeconds: number;
}

export type Routes = (context: ApiContext) => FastifyPluginAsyncZod;

/** The problems that a route can answer with, for the documentation. */
export function problems(...statuses: number[]): Record<number, { description: string; content: object }> {
  const content = { "application/problem+json": { schema: problem satisfies z.ZodType<Problem> } };
  return Object.fromEntries(statuses.map((status) => [status, { description: "A problem", content }]));
}
