import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { valkeyRelease } from "../../base/redis-ways.mjs";
import type { SetupContext } from "../context.ts";
import { networkProblem } from "../network-problem.ts";
import { run } from "../run.ts";

const CONNECT_MS = 5_000;
const DEADLINE_MS = 2 * 60_000;

/**
 * Returns the server of Valkey's own compiled release for Linux, checked against the checksum that is published beside
 * it. It is kept in the user's cache. `reason`: why it cannot be had, for a sentence.
 */
export async function releasedValkey(
  { signal }: Pick<SetupContext, "signal">,
  release = valkeyRelease(),
): Promise<{ path: string } | { reason: string }> {
  if (!release) return { reason: "Valkey has no compiled release for this system" };
  const { name, url, checksumUrl, server } = release;
  if (existsSync(server)) return { path: server };
  const kept = dirname(dirname(server));
  mkdirSync(dirname(kept), { recursive: true });
  const folder = mkdtempSync(join(dirname(kept), "fetch-"));
  try {
    const [sha256 = ""] = (await fetchBytes(checksumUrl, signal)).toString("utf8").trim().split(/\s+/);
    const bytes = await fetchBytes(url, signal);
    if (createHash("sha256").update(bytes).digest("hex") !== sha256.toLowerCase()) {
      return {
        reason: "Valkey's release was fetched but does not have its published SHA-256; it was not used",
      };
    }
    const archive = join(folder, "release.tar.gz");
    writeFileSync(archive, bytes);
    const unpacked = await run("tar", ["-xzf", archive, "-C", folder], { deadlineMs: 60_000, signal });
    if (!unpacked.ok) return { reason: `Valkey's release could not be unpacked: tar ${unpacked.problem}` };
    try {
      renameSync(join(folder, name), kept);
    } catch (error) {
      // Another start was faster; its copy is the same.
      if (!existsSync(server)) throw error;
    }
    return { path: server };
  } catch (error) {
    signal.throwIfAborted();
    const problem = networkProblem(error) ?? (error as Error).message;
    return { reason: `Valkey's release cannot be fetched from ${new URL(url).host}: ${problem}` };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function fetchBytes(url: string, signal: AbortSignal): Promise<Buffer> {
  const { EnvHttpProxyAgent, interceptors, request } = await import("undici");
  const agent = new EnvHttpProxyAgent({ connect: { timeout: CONNECT_MS } });
  try {
    const { statusCode, body } = await request(url, {
      dispatcher: agent.compose(interceptors.redirect({ maxRedirections: 3 })),
      signal: AbortSignal.any([signal, AbortSignal.timeout(DEADLINE_MS)]),
    });
    const bytes = Buffer.from(await body.arrayBuffer());
    if (statusCode !== 200) throw new Error(`it answered with status ${statusCode}`);
    return bytes;
  } finally {
    await agent.destroy();
  }
}
