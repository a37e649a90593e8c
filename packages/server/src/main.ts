import closeWithGrace from "close-with-grace";
import { compose } from "./compose.ts";
import { ConfigError, loadConfig } from "./config/config.ts";
import { loadEnvFile } from "./config/env-file.ts";
import { growYoungGenerationAtOnce } from "./grow-young-generation.ts";
import { createEmbeddingModel, createModels } from "./models/create-models.ts";
import { readBuildInfo } from "./observability/build-info.ts";
import { createLog } from "./observability/log.ts";
import { useProxiesEverywhere } from "./outgoing-http.ts";
import { releaseMemoryWhenIdle } from "./release-memory-when-idle.ts";
import { connectRedis, RedisRefused } from "./storage/redis.ts";

async function main(): Promise<void> {
  growYoungGenerationAtOnce();
  loadEnvFile();
  const config = loadConfig(process.env);
  useProxiesEverywhere(process.env);
  const log = createLog(config.logLevel);
  const redis = await connectRedis(config.redis, log);
  const models = createModels(config, log, process.env);
  const embedding = createEmbeddingModel(config, log, process.env);
  const server = await compose({ config, log, redis, models, embedding });
  closeWithGrace({ delay: config.shutdownGraceMs + 4000, logger: false }, async ({ err }) => {
    if (err) log.fatal({ err }, "The server met an error that it cannot go on after");
    else log.info("Ending: running turns are brought to an end first");
    await server.close(config.shutdownGraceMs);
  });
  const { host, port, webPort } = config.http;
  await server.api.listen({ host, port }).catch((error) => cannotListen(error, "PORT", port));
  await server.page
    ?.listen({ host, port: webPort })
    .catch((error) => cannotListen(error, "WEB_PORT", webPort));
  const api = `http://localhost:${port}`;
  const page = server.page && `http://localhost:${webPort}`;
  log.info({ page, api, docs: `${api}/docs`, ...readBuildInfo() }, "ready");
  releaseMemoryWhenIdle(() => server.runningTurns() === 0);
  await Promise.all([server.prepareOne(), embedding?.find()]);
}

function cannotListen(error: NodeJS.ErrnoException, variable: string, port: number): never {
  if (error.code === "EADDRINUSE") {
    throw new StartError(
      `Port ${port} is in use by another program. End it, or choose another port: ${variable}=${port + 1} npm start`,
    );
  }
  throw new StartError(
    `The server cannot listen on port ${port} (${error.code ?? error.message}). Choose another: ${variable}=${port + 1} npm start`,
  );
}

/** A reason not to start, for people. */
class StartError extends Error {}

main().catch((error) => {
  const expected =
    error instanceof StartError || error instanceof ConfigError || error instanceof RedisRefused;
  const log = createLog("info");
  if (expected) log.fatal(error.message);
  else log.fatal({ err: error }, "The server could not start");
  process.exit(1);
});
