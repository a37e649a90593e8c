import { type FakeOpenAi, startFakeOpenAi } from "../fakes/openai.ts";
import { RedisProcess } from "./redis-process.ts";
import { ServerProcess } from "./server-process.ts";

/** A Redis, a provider and as many servers as are asked for, all of them real processes on real sockets. */
export interface Stage {
  readonly redis: RedisProcess;
  readonly openai: FakeOpenAi;
  server(env?: Readonly<Record<string, string>>): Promise<ServerProcess>;
}

/** Sets a stage for some work, and clears it whatever comes. */
export async function onStage<Result>(work: (stage: Stage) => Promise<Result>): Promise<Result> {
  const redis = await RedisProcess.start();
  const openai = await startFakeOpenAi();
  const servers: ServerProcess[] = [];
  const env = {
    REDIS_URL: redis.url,
    OPENAI_BASE_URL: openai.url,
    OPENAI_API_KEY: "sk-of-the-tests",
    OLLAMA_BASE_URL: "http://127.0.0.1:9/v1",
  };
  try {
    return await work({
      redis,
      openai,
      server: async (more) => {
        const server = await ServerProcess.start({ ...env, ...more });
        servers.push(server);
        return server;
      },
    });
  } finally {
    await Promise.all(servers.map((server) => server.kill()));
    await openai.close();
    await redis.stop();
  }
}
