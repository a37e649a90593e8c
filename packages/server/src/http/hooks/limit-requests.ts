import type { FastifyInstance, FastifyRequest } from "fastify";
import { PerCallerConcurrency } from "../../limits/per-caller-concurrency.ts";
import type { Account, UsageLimits } from "../../limits/usage-limits.ts";
import { disconnected } from "../wire/disconnected.ts";
import { principalOf } from "./authenticate.ts";
import { setRateLimitHeaders } from "./rate-limit-headers.ts";

declare module "fastify" {
  interface FastifyContextConfig {
    /**
     * `stream`: the request takes one of its caller's slots for as long as it lasts. `turn`: its turn takes one. Absent:
     * this process limits how many such requests of one caller it handles at once.
     */
    readonly concurrency?: "stream" | "turn";
  }
}

// Health checks and metrics must be answered however often they are asked for.
const UNLIMITED = /^\/(health\/|metrics$)/;

/** Counts each request against its address, before its credentials are checked. */
export function limitAddresses(app: FastifyInstance, limits: UsageLimits): void {
  app.addHook("onRequest", async (request, reply) => {
    const address = limits.addressAccount(request.ip);
    if (!limits.isLimited([address], "requests") || UNLIMITED.test(request.url)) return;
    setRateLimitHeaders(reply, await limits.takeRequest(address, bodyBytes(request)));
  });
}

/** Counts each request of this part of the API against its owner, and streams against their slots. */
export function limitOwners(app: FastifyInstance, limits: UsageLimits): void {
  app.addHook("onRequest", async (request, reply) => {
    const [owner, address] = accountsOf(limits, request);
    if (!limits.isLimited([owner, address], "requests")) return;
    setRateLimitHeaders(reply, await limits.takeRequest(owner, bodyBytes(request)));
    const { socket } = request.raw;
    // Counted afterwards, because it is not known before: the answer, and a body without a Content-Length. The messages
    // on a WebSocket are counted as they come.
    const unknownBody = request.headers["content-length"] === undefined && !request.ws;
    // The socket of `inject` counts no bytes.
    const moved = (): number => (socket.bytesWritten ?? 0) + (unknownBody ? (socket.bytesRead ?? 0) : 0);
    const before = moved();
    reply.raw.once("close", () => {
      limits.countBytesMoved([owner, address], moved() - before);
    });
  });
  const perCaller = new PerCallerConcurrency();
  app.addHook("preHandler", async (request, reply) => {
    const { concurrency } = request.routeOptions.config;
    const principal = principalOf(request);
    if (concurrency === "turn" || (concurrency === undefined && principal.via === "none")) return;
    const [owner, address] = accountsOf(limits, request);
    const clientGone = disconnected(reply);
    if (concurrency === "stream")
      return releaseAtEnd(clientGone, await limits.acquireSlots([owner, address]));
    // A guest can get a new cookie at any time, so count by address.
    const { subject } = principal.via === "guest" ? address : owner;
    try {
      releaseAtEnd(clientGone, await perCaller.acquire(subject, clientGone));
    } catch (error) {
      if (!clientGone.aborted) throw error;
      // No client is there to answer.
      reply.hijack();
    }
  });
}

function releaseAtEnd(clientGone: AbortSignal, release: () => void): void {
  if (clientGone.aborted) release();
  else clientGone.addEventListener("abort", release, { once: true });
}

/** The accounts that a request counts against: its owner's and its address's. */
const accountsOf = (
  limits: UsageLimits,
  request: FastifyRequest,
): readonly [owner: Account, address: Account] => [
  limits.ownerAccount(principalOf(request)),
  limits.addressAccount(request.ip),
];

/** Counts a message on a WebSocket as a request of its own. @throws AppError `rate_limited` */
export async function takeMessage(
  limits: UsageLimits,
  request: FastifyRequest,
  bytes: number,
): Promise<void> {
  for (const account of accountsOf(limits, request)) await limits.takeRequest(account, bytes);
}

/** By Content-Length, up to the body limit: a larger body is refused without being read. */
const bodyBytes = ({ headers, routeOptions }: FastifyRequest): number =>
  Math.min(Number(headers["content-length"] ?? 0), routeOptions.bodyLimit);
