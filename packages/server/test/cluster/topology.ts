import { startCluster } from "../../../memory/test/cluster.ts";
import { MASTER_NAME, startSentinel } from "../../../memory/test/sentinel.ts";
import { serverBinary } from "../../../memory/test/servers.ts";
import { type FakeOpenAi, startFakeOpenAi } from "../fakes/openai.ts";
import { ServerProcess } from "../faults/server-process.ts";
import { serverEnv } from "../faults/system.ts";

/** Several Redis servers, and the faults that they can have. */
export interface Topology {
  readonly url: string;
  /** Resolves when a replica has become the master. */
  killMaster(): Promise<void>;
  /** Absent where there are no slots. */
  moveSlots?(count: number): Promise<void>;
  stop(): Promise<void>;
}

const hostsOf = (ports: readonly number[]): string => ports.map((port) => `127.0.0.1:${port}`).join();

/** Three masters, each with a replica. */
export async function startClusterTopology(): Promise<Topology> {
  const started = await startCluster(serverBinary(), { replicas: 1, nodeTimeoutMs: 2000 });
  return { ...started, url: `redis+cluster://${hostsOf(started.ports)}` };
}

/** A master with a replica, and three sentinels. */
export async function startSentinelTopology(): Promise<Topology> {
  const started = await startSentinel(serverBinary());
  return { ...started, url: `redis+sentinel://${hostsOf(started.ports)}/${MASTER_NAME}` };
}

/** Servers on one Redis: real processes on real sockets. */
export interface Servers {
  readonly all: readonly ServerProcess[];
  readonly openai: FakeOpenAi;
  /** The URL of a server that is up. */
  readonly base: string;
  kill(index: number): Promise<void>;
  /** Stops a server (SIGTERM), then starts another in its place. */
  replace(index: number): Promise<void>;
}

/** Starts servers for a task, and ends them and their Redis when the task has ended or failed. */
export async function withServers<Result>(
  topology: Topology,
  count: number,
  task: (servers: Servers) => Promise<Result>,
): Promise<Result> {
  const openai = await startFakeOpenAi();
  const env = serverEnv(topology.url, openai);
  const all: ServerProcess[] = [];
  const dead = new Set<ServerProcess>();
  try {
    for (let n = 0; n < count; n++) all.push(await ServerProcess.start(env));
    return await task({
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
        if (code !== 0) throw new Error(`a server that was stopped exited with ${code ?? signal}`);
        all[index] = await ServerProcess.start(env);
      },
    });
  } finally {
    await Promise.all(all.map((server) => server.kill()));
    await openai.close();
    await topology.stop();
  }
}
