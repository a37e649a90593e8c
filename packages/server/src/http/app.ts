import cors from "@fastify/cors";
import helmet from "@fastify/helmet";
import swagger from "@fastify/swagger";
import swaggerUi from "@fastify/swagger-ui";
import Fastify, { type FastifyBaseLogger, LogController } from "fastify";
import { jsonSchemaTransform, validatorCompiler } from "fastify-type-provider-zod";
import type { ApiContext } from "./api.ts";
import { renderProblems } from "./problems.ts";
import { archiveRoutes } from "./routes/archive.ts";
import { chatRoutes } from "./routes/chat.ts";
import { sessionRoutes } from "./routes/sessions.ts";
import { statusRoutes } from "./routes/status.ts";
import { turnRoutes } from "./routes/turns.ts";
import { isLoopbackOrigin, refuseForeignPages } from "./same-machine.ts";

/** The API, not listening yet. */
export async function buildApi(context: ApiContext, logger: FastifyBaseLogger) {
  const app = Fastify({
    loggerInstance: logger,
    // What a turn is worth a line, the domain says; a line a request would bury it.
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: 1024 * 1024,
    // A session's id may be 128 characters of any script, percent-encoded.
    routerOptions: { maxParamLength: 2048 },
    requestTimeout: 30_000,
    forceCloseConnections: true,
  });
  app.setValidatorCompiler(validatorCompiler);
  // Answers are made of the very types that the schemas give; to check each again would cost more than the turn.
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
  renderProblems(app);
  refuseForeignPages(app);
  await app.register(helmet, { contentSecurityPolicy: false });
  await app.register(cors, {
    origin: (origin, allow) => allow(null, origin !== undefined && isLoopbackOrigin(origin)),
    methods: ["GET", "POST", "PATCH", "DELETE"],
  });
  await app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "Redis Memory Magic",
        version: "0.1.0",
        description: "Conversations in Redis, answered with or without memory.",
      },
    },
    transform: jsonSchemaTransform,
  });
  await app.register(swaggerUi, { routePrefix: "/docs" });
  app.get("/openapi.json", { schema: { hide: true } }, async () => app.swagger());
  for (const routes of [statusRoutes, chatRoutes, sessionRoutes, archiveRoutes, turnRoutes])
    await app.register(routes(context));
  await app.ready();
  return app;
}

export type Api = Awaited<ReturnType<typeof buildApi>>;
