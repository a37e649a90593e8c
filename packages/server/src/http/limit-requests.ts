import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Limits } from "../limits/limits.ts";
import { principalOf } from "./authenticate.ts";
import { tellLimit } from "./limit-headers.ts";

declare module "fastify" {
  interface FastifyContextConfig {
    /** The route follows a stream, and so takes one of its caller's places for as long as it does. */
    readonly streams?: boolean;
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
  app.addHook("preHandler", async (request, reply) => {
    if (request.routeOptions.config.streams !== true) return;
    const leave = await limits.enterStream([
      limits.ownerAccount(principalOf(request)),
      limits.addressAccount(request.ip),
    ]);
    if (reply.raw.destroyed) leave();
    else reply.raw.once("close", leave);
  });
}

const bodyBytes = (request: FastifyRequest): number => Number(request.headers["content-length"] ?? 0);
