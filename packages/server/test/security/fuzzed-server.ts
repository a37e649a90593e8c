import { PROVIDER_IDS } from "@redis-memory-magic/protocol";
import { pino } from "pino";
import type { ChatModel } from "../../src/chat/chat-model.ts";
import { compose } from "../../src/compose.ts";
import { loadConfig } from "../../src/config/config.ts";
import { Mirror } from "../../src/models/mirror/mirror.ts";
import { connectRedis } from "../../src/storage/redis.ts";

/** The server with every provider available, so that the API is fuzzed and not the lack of a key for OpenAI. */
const config = loadConfig(process.env);
const log = pino({ level: config.logLevel, base: null });
const redis = await connectRedis(config.redis, log);
const models = PROVIDER_IDS.map((id): ChatModel => {
  const mirror = new Mirror({ wordDelayMs: 0 });
  return {
    id,
    name: mirror.name,
    defaultModel: mirror.defaultModel,
    settings: mirror.settings,
    lacks: mirror.lacks,
    availability: () => mirror.availability(),
    generate: (request, sink, signal) => mirror.generate(request, sink, signal),
    wireRequest: () => mirror.wireRequest(),
    close: () => mirror.close(),
  };
});
const server = await compose({ config, log, redis, models });
await server.api.listen({ host: config.http.host, port: config.http.port });
log.info({}, "ready");
