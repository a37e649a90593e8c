import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { freePort } from "../../packages/memory/test/free-port.ts";
import { startTestServer, type TestServer } from "../../packages/server/test/test-server.ts";

const path = (name: string): string => fileURLToPath(new URL(`../observability/${name}`, import.meta.url));
const TOKEN = "a-token-of-the-tests";
const prometheus = process.env.PROMETHEUS_PATH || "prometheus";
const hasPrometheus = spawnSync(prometheus, ["--version"]).status === 0;

interface Panel {
  readonly title: string;
  readonly targets?: readonly { readonly expr: string }[];
}

test.skipIf(!hasPrometheus)(
  "a real Prometheus reads a real server by its token, takes the alert rules, and has an answer for each panel",
  { timeout: 90_000 },
  async () => {
    const server = await startTestServer({ env: { METRICS_TOKEN: TOKEN, PROVIDER_CONCURRENCY: "ollama=2" } });
    const api = await startPrometheus(new URL(await server.listen()).port);
    await expect
      .poll(async () => (await query(api, "up")).map(({ value }) => value), PATIENCE)
      .toEqual(["1"]);
    const turns = keepAsking(server);
    const { panels } = JSON.parse(readFileSync(path("grafana/dashboard.json"), "utf8"));
    for (const { title, targets = [] } of panels as Panel[]) {
      for (const { expr } of targets) {
        const asked = expr.replaceAll("$instance", ".+").replaceAll("$__rate_interval", "5s");
        const values = async () => (await query(api, asked)).map(({ value }) => Number(value));
        // A quantile of nothing is NaN: it is to be one of something.
        await expect
          .poll(async () => (await values()).some(Number.isFinite), {
            ...PATIENCE,
            message: `${title}: ${asked}`,
          })
          .toBe(true);
      }
    }
    await turns.stop();
    const health = async () => (await rulesOf(api)).map((rule) => rule.health);
    await expect.poll(health, PATIENCE).toEqual((await rulesOf(api)).map(() => "ok"));
    expect((await health()).length).toBeGreaterThan(10);
  },
);

const PATIENCE = { timeout: 20_000, interval: 500 };

async function startPrometheus(target: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "prometheus-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const own = readFileSync(path("prometheus.yml"), "utf8")
    .replace("scrape_interval: 15s", "scrape_interval: 1s\n  evaluation_interval: 1s")
    .replace("/etc/prometheus/alerts.yml", path("alerts.yml"))
    .replace("/run/secrets/metrics_token", join(folder, "token"))
    .replace(/dns_sd_configs:\n.*\n/, `static_configs: [{ targets: ["127.0.0.1:${target}"] }]\n`);
  writeFileSync(join(folder, "prometheus.yml"), own);
  writeFileSync(join(folder, "token"), TOKEN);
  const address = `127.0.0.1:${await freePort()}`;
  const child: ChildProcess = spawn(
    prometheus,
    [
      `--config.file=${join(folder, "prometheus.yml")}`,
      `--storage.tsdb.path=${join(folder, "data")}`,
      `--web.listen-address=${address}`,
    ],
    { stdio: "ignore" },
  );
  onTestFinished(async () => {
    child.kill();
    if (child.exitCode === null) await once(child, "exit");
  });
  return `http://${address}/api/v1`;
}

/** Turns of every kind, some of which fail, until they are stopped. */
function keepAsking(server: TestServer): { stop(): Promise<void> } {
  let stopped = false;
  const user = async (provider: string): Promise<void> => {
    for (let n = 0; !stopped; n++) {
      const model = n % 3 === 2 && provider === "chatgpt" ? "fake-error" : undefined;
      await server.inject("POST", "/chat", {
        message: "Hi",
        mode: "stateful",
        provider,
        model,
        session_id: provider,
      });
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };
  const users = Promise.all(["chatgpt", "ollama", "mirror"].map(user));
  return {
    stop: async () => {
      stopped = true;
      await users;
    },
  };
}

async function ask(api: string, what: string): Promise<unknown> {
  const answer = await fetch(`${api}/${what}`);
  const body = await answer.json();
  if (!answer.ok) throw new Error(`${what}: ${JSON.stringify(body)}`);
  return body;
}

async function rulesOf(api: string): Promise<{ health: string }[]> {
  const { data } = (await ask(api, "rules")) as { data: { groups: { rules: { health: string }[] }[] } };
  return data.groups.flatMap(({ rules }) => rules);
}

async function query(api: string, expr: string): Promise<{ value: string }[]> {
  const body = await ask(api, `query?query=${encodeURIComponent(expr)}`).catch((error) => {
    // Not listening yet.
    if (error instanceof TypeError) return { data: { result: [] } };
    throw error;
  });
  const { result } = (body as { data: { result: { value: [number, string] }[] } }).data;
  return result.map(({ value }) => ({ value: value[1] }));
}
