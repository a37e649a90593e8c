import fastifyStatic from "@fastify/static";
import Fastify, { type FastifyBaseLogger, LogController } from "fastify";
import type { Api } from "./app.ts";
import { CONNECTION_TIMES } from "./hooks/connections.ts";
import { addSecurityHeaders } from "./hooks/security-headers.ts";
import { onClientError } from "./problems.ts";

// Not imported: an import reads everything that node:http exports, and so loads Node.js' own `fetch`, in 45 ms.
const { createServer } = process.getBuiltinModule("node:http");

/** Helmet's headers that browsers read on documents only. Assets are sent without this kilobyte. */
const DOCUMENT_HEADERS = [
  "content-security-policy",
  "cross-origin-opener-policy",
  "origin-agent-cluster",
  "referrer-policy",
  "x-dns-prefetch-control",
  "x-download-options",
  "x-frame-options",
  "x-permitted-cross-domain-policies",
  "x-xss-protection",
];

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
    clientErrorHandler: onClientError,
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
    // The page is served over plain HTTP on the user's own machine.
    strictTransportSecurity: false,
  });
  await page.register(fastifyStatic, {
    root,
    // The build writes .br and .gz files beside the originals.
    preCompressed: true,
    setHeaders(reply, path) {
      // Built assets have a hash in their names; the page itself is revalidated each time.
      const isAsset = path.includes("/assets/");
      reply.header("cache-control", isAsset ? "public, max-age=31536000, immutable" : "no-cache");
      if (isAsset) for (const name of DOCUMENT_HEADERS) reply.removeHeader(name);
    },
  });
  await page.ready();
  return page;
}
