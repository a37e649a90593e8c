import { startCluster } from "../../../memory/test/cluster.ts";
import { MASTER_NAME, startSentinel } from "../../../memory/test/sentinel.ts";
import { serverBinary } from "../../../memory/test/servers.ts";
import { type FakeOpenAi, startFakeOpenAi } from "../fakes/openai.ts";
import { ServerProcess } from "../faults/server-process.ts";

/** Several Redis servers, and what can befall them. */
export interface Topology {
  readonly name: string;
  readonly url: string;
  /** Resolves when a replica has taken its place. */
  killMaster(): Promise<void>;
  /** Undefined: there are no slots. */
  moveSlots?(count: number): Promise<void>;
  stop(): Promise<void>;
}

const hostsOf = (ports: readonly number[]): string => ports.map((port) => `127.0.0.1:${port}`).join();

/** Three masters, each with a replica. */
export async function cluster(): Promise<Topology> {
  const started = await startCluster(serverBinary(), { replicas: 1, nodeTimeoutMs: 2000 });
  return { ...started, name: "Cluster", url: `redis+cluster://${hostsOf(started.ports)}` };
}

/** A master with a replica, and three sentinels. */
export async function sentinel(): Promise<Topology> {
  const started = await startSentinel(serverBinary());
  return { ...started, name: "Sentinel", url: `redis+sentinel://${hostsOf(started.ports)}/${MASTER_NAME}` };
}

/** Servers on one Redis, all of them real processes on real sockets. */
export interface Servers {
  readonly all: readonly ServerProcess[];
  readonly openai: FakeOpenAi;
  /** Of one that lives. */
  readonly base: string;
  kill(index: number): Promise<void>;
  /** Ends one in good order, then starts another in its place. */
  replace(index: number): Promise<void>;
}

/** Starts so many servers for some work, and ends them and their Redis whatever comes. */
export async function onServers<Result>(
  topology: Topology,
  count: number,
  work: (servers: Servers) => Promise<Result>,
): Promise<Result> {
  const openai = await startFakeOpenAi();
  const env = {
    REDIS_URL: topology.url,
    OPENAI_BASE_URL: openai.url,
    OPENAI_API_KEY: "sk-of-the-tests",
    OLLAMA_BASE_URL: "http://127.0.0.1:9/v1",
  };
  const all: ServerProcess[] = [];
  const dead = new Set<ServerProcess>();
  try {
    for (let n = 0; n < count; n++) all.push(await ServerProcess.start(env));
    return await work({
      all,
      openai,
      get base() {
        return all.find((server) => !dead.has(server))?.base ?? "";
      },
      kill: async (index) => {
        const server = all[index] as ServerProcess;
        dead.add(server);
        await server.kill();
      },
      replace: async (index) => {
        const server = all[index] as ServerProcess;
        server.terminate();
        const { code, signal } = await server.exited;
        if (code !== 0) throw new Error(`a server that was asked to end did so with ${code ?? signal}`);
        all[index] = await ServerProcess.start(env);
      },
    });
  } finally {
    await Promise.all(all.map((server) => server.kill()));
    await openai.close();
    await topology.stop();
  }
}
