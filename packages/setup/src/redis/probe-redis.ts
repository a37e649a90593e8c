import { networkProblem } from "../network-problem.ts";
import { askRedis, type Target } from "./ask-redis.ts";
import { tlsProblem } from "./tls-problem.ts";

const LOADING_MS = 60_000;

export interface Probe {
  /** `refused`: it answers, but not to us; `foreign`: what answers is no Redis; `old`: before 6.2. */
  readonly state: "ready" | "away" | "refused" | "foreign" | "old";
  /** What it said, for a sentence; when it is ready, its name and version. */
  readonly reason: string;
}

/** Looks at what is at an address. Never rejects. */
export async function probeRedis(target: Target): Promise<Probe> {
  const loadingUntil = Date.now() + LOADING_MS;
  for (;;) {
    const probe = await probeOnce(target);
    if (probe !== "loading") return probe;
    if (Date.now() > loadingUntil) return { state: "away", reason: "it is still loading its data" };
    await new Promise((done) => setTimeout(done, 250));
  }
}

async function probeOnce(target: Target): Promise<Probe | "loading"> {
  try {
    const info = await askRedis(target, async (client) => {
      await client.ping();
      // INFO can be forbidden by an access list; then the version stays unknown.
      return await client.info("server").catch(() => "");
    });
    if (!info) return { state: "ready", reason: "Redis" };
    const { name, version } = describeServer(info);
    return { state: isNewEnough(version) ? "ready" : "old", reason: `${name} ${version}` };
  } catch (error) {
    const { message } = error as Error;
    if (message.startsWith("LOADING")) return "loading";
    // What it answers with an error begins with a code.
    if (/^[A-Z]{3,} /.test(message)) return { state: "refused", reason: refusal(message) };
    if (/RESP type/.test(message)) return { state: "foreign", reason: "what answers there is no Redis" };
    const reason =
      tlsProblem(error, /^(rediss|valkeys):/.test(target.url)) ?? networkProblem(error) ?? message;
    return { state: "away", reason };
  }
}

function refusal(message: string): string {
  if (message.startsWith("NOAUTH")) return "it asks for a password, and was given none";
  if (message.startsWith("WRONGPASS")) return "it refuses the password or the user name";
  return `it answers: ${message}`;
}

/** Reads the answer to `INFO server`. */
function describeServer(info: string): { name: string; version: string } {
  const valkey = /^valkey_version:(\S+)/m.exec(info)?.[1];
  if (valkey) return { name: "Valkey", version: valkey };
  return { name: "Redis", version: /^redis_version:(\S+)/m.exec(info)?.[1] ?? "of unknown version" };
}

/** True for Redis 6.2, the oldest that the product works with, and newer; also for what is no version. */
export function isNewEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (Number.isNaN(major)) return true;
  return major > 6 || (major === 6 && minor >= 2);
}
