import type { FastifyInstance, FastifyRequest } from "fastify";
import { AppError } from "../errors/app-error.ts";
import { FairShare } from "../limits/fair-share.ts";
import type { Limits } from "../limits/limits.ts";
import { principalOf } from "./authenticate.ts";
import { tellLimit } from "./limit-headers.ts";

declare module "fastify" {
  interface FastifyContextConfig {
    /**
     * The route takes one of its caller's places for answers for as long as it lasts: a stream that is followed; or its
     * turn does. All others share what this process does for him at once.
     */
    readonly takesPlace?: "stream" | "turn";
  }
}

// Whoever looks whether the server is well must hear that it is, however often he asks.
const UNLIMITED = /^\/(health\/|metrics$)/;

/** Counts each request against the address that it comes from, before anybody looks who it is. */
export function limitAddresses(app: FastifyInstance, limits: Limits): void {
  app.addHook("onRequest", async (request, reply) => {
    if (UNLIMITED.test(request.url)) return;
    tellLimit(reply, await limits.takeRequest(limits.addressAccount(request.ip), bodyBytes(request)));
  });
}

/** Counts each request of this part of the API against its owner, and streams against their places. */
export function limitOwners(app: FastifyInstance, limits: Limits): void {
  app.addHook("onRequest", async (request, reply) => {
    const owner = limits.ownerAccount(principalOf(request));
    tellLimit(reply, await limits.takeRequest(owner, bodyBytes(request)));
    const { socket } = request.raw;
    // What is not told before is counted afterwards: an answer, and a body whose length its headers do not say.
    const untold = request.headers["content-length"] === undefined;
    const moved = (): number => socket.bytesWritten + (untold ? socket.bytesRead : 0);
    const before = moved();
    reply.raw.once("close", () => {
      for (const account of [owner, limits.addressAccount(request.ip)])
        limits.countBytes(account, moved() - before);
    });
  });
  const share = new FairShare();
  app.addHook("preHandler", async (request, reply) => {
    const { takesPlace } = request.routeOptions.config;
    const principal = principalOf(request);
    if (takesPlace === "turn" || (takesPlace === undefined && principal.via === "none")) return;
    const [owner, address] = [limits.ownerAccount(principal), limits.addressAccount(request.ip)];
    const left = new AbortController();
    reply.raw.once("close", () => left.abort(new AppError("rate_limited", "Who asked has left.")));
    const leave = await (takesPlace === "stream"
      ? limits.enterStream([owner, address])
      : // A guest is whoever he likes to be.
        share.enter((principal.via === "guest" ? address : owner).subject, left.signal));
    if (reply.raw.destroyed) leave();
    else reply.raw.once("close", leave);
  });
}

/** What its headers announce; no more than the route takes: what is refused for its size was never moved. */
const bodyBytes = ({ headers, routeOptions }: FastifyRequest): number =>
  Math.min(Number(headers["content-length"] ?? 0), routeOptions.bodyLimit);
