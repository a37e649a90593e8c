import { readdirSync, readFileSync, readlinkSync } from "node:fs";

const TICKS_PER_SECOND = 100;
const LISTENING = "0A";
const CONNECTED = "01";

/** What a process used while it was watched. */
export interface Spent {
  /** `node (process 812)` */
  readonly process: string;
  readonly cpuSeconds: number;
  readonly residentBytes: number;
}

interface Process {
  readonly pid: number;
  readonly name: string;
}

/** Watches a process of this machine. */
export class Watch {
  readonly #process: Process;
  readonly #before: number;

  private constructor(process: Process, cpuSeconds: number) {
    this.#process = process;
    this.#before = cpuSeconds;
  }

  static of(process: Process | undefined): Watch | undefined {
    const usage = process && usageOf(process);
    return usage && new Watch(process, usage.cpuSeconds);
  }

  /** Undefined if the process has ended. */
  spent(): Spent | undefined {
    const usage = usageOf(this.#process);
    const { name, pid } = this.#process;
    return (
      usage && {
        process: `${name} (process ${pid})`,
        cpuSeconds: usage.cpuSeconds - this.#before,
        residentBytes: usage.residentBytes,
      }
    );
  }
}

function usageOf({ pid }: Process) {
  return attempt(() => {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    return {
      cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND,
      residentBytes: Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) * 1024,
    };
  });
}

/** Returns the process that listens on a port of this machine. */
export const listenerOf = (port: number): Process | undefined =>
  ownerOf(sockets().filter((socket) => socket.state === LISTENING && socket.localPort === port));

/** Returns the Redis of this machine that a process is connected to. */
export function redisOf(server: Process): Process | undefined {
  const own = socketsOf(server.pid);
  const ports = sockets()
    .filter(({ state, inode }) => state === CONNECTED && own.has(inode))
    .map(({ remotePort }) => remotePort);
  return [...new Set(ports)].map(listenerOf).find((process) => process && /redis|valkey/i.test(process.name));
}

function sockets() {
  return ["/proc/net/tcp", "/proc/net/tcp6"].flatMap((path) => {
    const lines = attempt(() => readFileSync(path, "utf8").trim().split("\n").slice(1)) ?? [];
    return lines.map((line) => {
      const [, local = "", remote = "", state = "", , , , , , inode = ""] = line.trim().split(/\s+/);
      return { localPort: portOf(local), remotePort: portOf(remote), state, inode };
    });
  });
}

const portOf = (address: string): number => Number.parseInt(address.split(":")[1] ?? "", 16);

function ownerOf(wanted: readonly { inode: string }[]): Process | undefined {
  if (wanted.length === 0) return undefined;
  const pids = (attempt(() => readdirSync("/proc")) ?? []).filter((name) => /^\d+$/.test(name)).map(Number);
  const pid = pids.find((candidate) => {
    const own = socketsOf(candidate);
    return wanted.some(({ inode }) => own.has(inode));
  });
  if (pid === undefined) return undefined;
  return { pid, name: attempt(() => readFileSync(`/proc/${pid}/comm`, "utf8").trim()) ?? "" };
}

/** Returns the inodes of a process' sockets; none if the process belongs to another user. */
function socketsOf(pid: number): Set<string> {
  const links = (attempt(() => readdirSync(`/proc/${pid}/fd`)) ?? []).map(
    (handle) => attempt(() => readlinkSync(`/proc/${pid}/fd/${handle}`)) ?? "",
  );
  return new Set(links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []));
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
