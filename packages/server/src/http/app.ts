import cookie from "@fastify/cookie";
import cors from "@fastify/cors";
import swagger from "@fastify/swagger";
import swaggerUi from "@fastify/swagger-ui";
import Fastify, { type FastifyBaseLogger, LogController } from "fastify";
import {
  type FastifyPluginAsyncZod,
  jsonSchemaTransform,
  validatorCompiler,
} from "fastify-type-provider-zod";
import { z } from "zod";
import { zodMessage } from "../config/zod-messages.ts";
import { readBuildInfo } from "../observability/build-info.ts";
import { type ApiContext, type App, problems } from "./api.ts";
import { ActiveRequests } from "./hooks/active-requests.ts";
import { authenticate } from "./hooks/authenticate.ts";
import { CONNECTION_TIMES, cutSlowReaders } from "./hooks/connections.ts";
import { limitAddresses, limitOwners } from "./hooks/limit-requests.ts";
import { guardLoopback, isLoopbackOrigin } from "./hooks/loopback-guard.ts";
import { prepareBodies } from "./hooks/request-bodies.ts";
import { assignRequestIds, genReqId } from "./hooks/request-id.ts";
import { addSecurityHeaders } from "./hooks/security-headers.ts";
import { onBadPath, onClientError, renderErrors } from "./problems.ts";
import { archiveRoutes } from "./routes/archive.ts";
import { authRoutes } from "./routes/auth.ts";
import { blobRoutes } from "./routes/blobs.ts";
import { chatRoutes } from "./routes/chat.ts";
import { metricsRoutes } from "./routes/metrics.ts";
import { noteRoutes } from "./routes/notes.ts";
import { providerRoutes } from "./routes/providers.ts";
import { searchRoutes } from "./routes/search.ts";
import { sessionSettingsRoutes } from "./routes/session-settings.ts";
import { sessionRoutes } from "./routes/sessions.ts";
import { statusRoutes } from "./routes/status.ts";
import { turnRoutes } from "./routes/turns.ts";
import { securitySchemes } from "./security-schemes.ts";
import { acceptWebSockets } from "./wire/web-socket.ts";

// The API's answers are data: if a browser shows one as a page, the page can do nothing.
const NOTHING = {
  defaultSrc: ["'none'"],
  baseUri: ["'none'"],
  formAction: ["'none'"],
  frameAncestors: ["'none'"],
};

// The plugin's own policy makes a browser request files over HTTPS, which this server does not speak.
const DOCUMENTATION = {
  "default-src": "'none'",
  "script-src": "'self'",
  // The one inline style of Swagger UI: its logo's.
  "style-src": "'self' 'sha256-RL3ie0nH+Lzz2YNqQN83mnU0J1ot4QL7b99vMdIX99w='",
  "img-src": "'self' data:",
  "connect-src": "'self'",
  "base-uri": "'none'",
  "form-action": "'none'",
  "frame-ancestors": "'none'",
};

/**
 * Builds the API, not listening yet.
 * @param others further routes that need a caller, each with its own format of errors
 */
export async function buildApi(
  context: ApiContext,
  logger: FastifyBaseLogger,
  others: readonly FastifyPluginAsyncZod[] = [],
) {
  const app = Fastify({
    loggerInstance: logger,
    // The domain logs a line per turn; a line per request would bury it.
    logController: new LogController({ disableRequestLogging: true }),
    genReqId,
    // Lines have the request's id anyway: observability/log.ts.
    childLoggerFactory: (log) => log,
    bodyLimit: 1024 * 1024,
    // A session's id may have 128 characters of any script, percent-encoded.
    routerOptions: { maxParamLength: 2048, ignoreTrailingSlash: true, ignoreDuplicateSlashes: true },
    ...CONNECTION_TIMES,
    forceCloseConnections: true,
    clientErrorHandler: onClientError,
    frameworkErrors: onBadPath,
    // X-Forwarded-For is used only from trusted proxies.
    trustProxy: context.trustedProxies.length > 0 && [...context.trustedProxies],
  });
  const { identity, limits, publicUrl, allowedOrigins } = context;
  const open = identity.methods.includes("none");
  app.setValidatorCompiler(validatorCompiler);
  z.config({ customError: zodMessage });
  // Answers are built from the schemas' types; validating each would cost more than the turn.
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
  await acceptWebSockets(app);
  assignRequestIds(app);
  renderErrors(app, context.metrics);
  cutSlowReaders(app);
  if (open) guardLoopback(app, publicUrl);
  addSecurityHeaders(app, { contentSecurityPolicy: { useDefaults: false, directives: NOTHING } });
  await app.register(cors, {
    // Other origins may not send cookies: their pages use keys or tokens.
    origin: (origin, allow) =>
      allow(
        null,
        origin !== undefined && (open ? isLoopbackOrigin(origin) : allowedOrigins.includes(origin)),
      ),
    methods: ["GET", "POST", "PATCH", "DELETE"],
    exposedHeaders: ["RateLimit", "RateLimit-Policy", "Retry-After"],
  });
  await app.register(cookie, { hook: "onRequest" });
  limitAddresses(app, limits);
  prepareBodies(app);
  app.addHook("onRoute", ({ schema }) => {
    if (schema) schema.response = { ...problems(403, 408, 429, 431), ...(schema.response as object) };
  });
  await app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "Redis Memory Magic",
        version: readBuildInfo().version,
        description: "Conversations in Redis, answered with or without memory.",
      },
      components: { securitySchemes: securitySchemes(identity) },
    },
    transform: jsonSchemaTransform,
  });
  await app.register(swaggerUi, { routePrefix: "/docs", staticCSP: DOCUMENTATION });
  app.get("/openapi.json", { schema: { hide: true } }, async () => app.swagger());
  for (const routes of [statusRoutes, metricsRoutes]) await routes(context)(app);
  await app.register(authRoutes(context));
  const live = new ActiveRequests(identity, logger);
  app.addHook("onClose", async () => live.close());
  // All other routes need a caller: a route that is added here is guarded without further code.
  await app.register(async (guarded: App) => {
    authenticate(guarded, { identity, live, publicUrl });
    limitOwners(guarded, limits);
    for (const routes of [
      providerRoutes,
      chatRoutes,
      sessionRoutes,
      sessionSettingsRoutes,
      noteRoutes,
      searchRoutes,
      archiveRoutes,
      blobRoutes,
      turnRoutes,
    ]) {
      await routes(context)(guarded);
    }
    for (const routes of others) await guarded.register(routes);
  });
  await app.ready();
  return app;
}

export type Api = Awaited<ReturnType<typeof buildApi>>;
