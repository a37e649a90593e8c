import { type FakeOpenAi, startFakeOpenAi } from "../fakes/openai.ts";
import { RedisProcess } from "./redis-process.ts";
import { ServerProcess } from "./server-process.ts";

/** A Redis, a provider and any number of servers: real processes on real sockets. */
export interface System {
  readonly redis: RedisProcess;
  readonly openai: FakeOpenAi;
  startServer(env?: Readonly<Record<string, string>>): Promise<ServerProcess>;
}

/** The settings of a server with this Redis and this provider. No Ollama answers. */
export const serverEnv = (redisUrl: string, openai: FakeOpenAi) => ({
  REDIS_URL: redisUrl,
  OPENAI_BASE_URL: openai.url,
  OPENAI_API_KEY: "sk-of-the-tests",
  OLLAMA_BASE_URL: "http://127.0.0.1:9/v1",
});

/** Starts a system for a task, and ends all of it when the task has ended or failed. */
export async function withSystem<Result>(task: (system: System) => Promise<Result>): Promise<Result> {
  const redis = await RedisProcess.start();
  const openai = await startFakeOpenAi();
  const servers: ServerProcess[] = [];
  const env = serverEnv(redis.url, openai);
  try {
    return await task({
      redis,
      openai,
      startServer: async (more) => {
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
