import { createServer } from "node:http";
import fastifyStatic from "@fastify/static";
import Fastify, { type FastifyBaseLogger, LogController } from "fastify";
import type { Api } from "./app.ts";
import { CONNECTION_TIMES } from "./connections.ts";
import { answerUnreadable } from "./problems.ts";
import { addSecurityHeaders } from "./security-headers.ts";

const PAGE_SERVER = { requestTimeout: CONNECTION_TIMES.requestTimeout, ...CONNECTION_TIMES.http };

/**
 * The page's port: the built page, and under `/api/` the API itself, so that the page needs no other origin.
 * @param root the folder of the built page
 */
export async function buildPage(root: string, api: Api, logger: FastifyBaseLogger) {
  const page = Fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    forceCloseConnections: true,
    clientErrorHandler: answerUnreadable,
    serverFactory: (handler) =>
      createServer(PAGE_SERVER, (request, response) => {
        if (!request.url?.startsWith("/api/")) return handler(request, response);
        request.url = request.url.slice("/api".length);
        api.routing(request, response);
      }),
  });
  addSecurityHeaders(page, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'", "data:"],
        fontSrc: ["'self'"],
        connectSrc: ["'self'"],
        manifestSrc: ["'self'"],
        baseUri: ["'none'"],
        formAction: ["'none'"],
        frameAncestors: ["'none'"],
      },
    },
    // This is served over plain HTTP on the reader's own machine.
    strictTransportSecurity: false,
  });
  await page.register(fastifyStatic, {
    root,
    // Built assets carry their hash in their name; the page itself is asked for anew each time.
    setHeaders: (reply, path) =>
      reply.header(
        "cache-control",
        path.includes("/assets/") ? "public, max-age=31536000, immutable" : "no-cache",
      ),
  });
  await page.ready();
  return page;
}
