import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { FastifyInstance } from "fastify";
import { forRequest } from "../../observability/request-context.ts";

const HEADER = "x-request-id";

/** The id that a request came with, if it is a short and plain one, so that a proxy's log and this one's meet; else a new one. */
export function genReqId({ headers }: IncomingMessage): string {
  const given = headers[HEADER];
  return typeof given === "string" && /^[\w-]{8,64}$/.test(given) ? given : randomUUID();
}

/** Has all that is done for a request know its id, and tells the client. */
export function assignRequestIds(app: FastifyInstance): void {
  app.addHook("onRequest", ({ id, headers }, reply, done) => {
    reply.header(HEADER, id);
    forRequest({ requestId: id, traceparent: traceOf(headers) }, done);
  });
  // The body arrives by events of the connection, which know nothing of the request.
  app.addHook("preValidation", ({ id, headers }, _, done) => {
    forRequest({ requestId: id, traceparent: traceOf(headers) }, done);
  });
}

function traceOf({ traceparent }: IncomingMessage["headers"]): string | undefined {
  return typeof traceparent === "string" ? traceparent : undefined;
}
