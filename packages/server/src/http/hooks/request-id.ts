import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { forRequest } from "../../observability/request-context.ts";

const HEADER = "x-request-id";

/** Returns the id that a proxy or client gave the request, if it is short and plain; otherwise a new one. */
export function genReqId({ headers }: IncomingMessage): string {
  const given = headers[HEADER];
  return typeof given === "string" && /^[\w-]{8,64}$/.test(given) ? given : randomUUID();
}

/** Makes the request's id available to all code that runs for it, and sends it to the client. */
export function assignRequestIds(app: FastifyInstance): void {
  app.addHook("onRequest", (request, reply, done) => {
    reply.header(HEADER, request.id);
    runFor(request, done);
  });
  // The body arrives in events of the connection, outside the request's context.
  app.addHook("preValidation", (request, _, done) => runFor(request, done));
}

/** Runs work, and everything that it starts, in the context of a request. */
export function runFor({ id, headers: { traceparent } }: FastifyRequest, work: () => void): void {
  forRequest({ requestId: id, traceparent: typeof traceparent === "string" ? traceparent : undefined }, work);
}
