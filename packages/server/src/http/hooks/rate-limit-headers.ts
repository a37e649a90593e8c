import type { FastifyReply } from "fastify";
import type { LimitState } from "../../errors/app-error.ts";

/** Adds a limit to the headers of the IETF's draft for RateLimit. Several limits form a list. */
export function setRateLimitHeaders(reply: FastifyReply, state: LimitState | null | undefined): void {
  if (!state) return;
  const { policy, quota, windowSeconds, remaining, resetSeconds } = state;
  const window = windowSeconds === undefined ? "" : `;w=${windowSeconds}`;
  append(reply, "ratelimit-policy", `"${policy}";q=${Math.floor(quota)}${window}`);
  append(reply, "ratelimit", `"${policy}";r=${Math.floor(remaining)};t=${resetSeconds}`);
}

function append(reply: FastifyReply, name: string, value: string): void {
  const before = reply.getHeader(name);
  reply.header(name, before === undefined ? value : `${String(before)}, ${value}`);
}
