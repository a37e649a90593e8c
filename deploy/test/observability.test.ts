import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { recordBackupSchedule } from "../../packages/server/src/storage/backup/last-backup.ts";
import { startTestServer } from "../../packages/server/test/test-server.ts";

const path = (name: string): string => fileURLToPath(new URL(`../../${name}`, import.meta.url));
const read = (name: string): string => readFileSync(path(name), "utf8");
const allOf = (pattern: RegExp, text: string): Set<string> =>
  new Set([...text.matchAll(pattern)].map(([whole, part]) => part ?? whole));

const METRIC = /\b(?:rmm|nodejs|process)_[a-z\d_]+/g;
const alerts = read("deploy/observability/alerts.yml");
const dashboard = JSON.parse(read("deploy/observability/grafana/dashboard.json"));
const queries: string[] = dashboard.panels.flatMap((panel: { targets?: { expr: string }[] }) =>
  (panel.targets ?? []).map(({ expr }) => expr),
);

/** What the server exports: the names of series, and the labels of each that has any. */
async function exported() {
  const server = await startTestServer({ env: { PROVIDER_CONCURRENCY: "ollama=4" } });
  await recordBackupSchedule(server.redis.client, server.name);
  const ask = { message: "word ".repeat(200), mode: "stateful", session_id: "s", provider: "chatgpt" };
  server.openai.scenario = { usage: { input: 9, cached: 1, output: 3 } };
  expect((await server.inject("POST", "/chat", ask)).statusCode).toBe(200);
  server.openai.scenario = { fail: { status: 500, body: {} } };
  expect((await server.inject("POST", "/chat", ask)).statusCode).toBe(502);
  const { body } = await server.inject("GET", "/metrics");
  const series = new Map<string, Set<string>>();
  for (const [, name = "", labels = ""] of body.matchAll(/^([a-z_\d]+)(?:\{(.*)\})? /gm)) {
    series.set(name, allOf(/([a-z]+)="/g, labels));
  }
  return { series, families: allOf(/^# TYPE (\S+)/gm, body) };
}

test("every metric and label that the dashboard and the alert rules name is in what /metrics prints", async () => {
  const { series } = await exported();
  expect(queries.length).toBeGreaterThan(20);
  // Prometheus itself adds these.
  const added = ["job", "instance", "le"];
  for (const query of [...queries, ...alerts.matchAll(/expr: (?:>-\n)?([\s\S]*?)\n {8}\w/g)].map(String)) {
    for (const [name] of query.matchAll(METRIC)) expect([...series.keys()], query).toContain(name);
    const known = new Set([...query.matchAll(METRIC)].flatMap(([name]) => [...(series.get(name) ?? [])]));
    const named = [
      ...allOf(/([a-z]+)\s*(?:=~|!=|=)\s*"/g, query),
      ...[...allOf(/\bby \(([^)]*)\)/g, query)].flatMap((list) => list.split(/,\s*/)),
    ];
    for (const label of named) expect([...known, ...added], query).toContain(label);
  }
});

test("each metric of this product has its row in the documentation, and none is told that is not there", async () => {
  const { families } = await exported();
  const rows = read("docs/operate/observability.md")
    .split("\n")
    .filter((line) => line.startsWith("| `"));
  const told = allOf(/`(rmm_[a-z_]+)`/g, rows.map((row) => row.split(" | ")[0]).join("\n"));
  expect([...told].sort()).toEqual([...families].filter((name) => name.startsWith("rmm_")).sort());
});

test("each alert has its paragraph in the runbook, and each paragraph its alert", () => {
  const rules = allOf(/- alert: (\w+)/g, alerts);
  expect(rules.size).toBeGreaterThan(10);
  const runbook = read("docs/operate/runbook.md");
  expect(allOf(/^## (\w+)$/gm, runbook)).toEqual(rules);
  for (const paragraph of runbook.split(/^## /m).slice(1)) {
    expect(paragraph).toMatch(/\*\*Means\*\*: [\s\S]* \*\*Look\*\*: [\s\S]* \*\*Do\*\*: /);
  }
});

const promtool = process.env.PROMTOOL_PATH || "promtool";
const hasPromtool = spawnSync(promtool, ["--version"]).status === 0;

test.skipIf(!hasPromtool)(
  "the alert rules fire when they should (promtool, which is not on every machine)",
  () => {
    const { status, stdout, stderr } = spawnSync(
      promtool,
      ["test", "rules", path("deploy/observability/alerts.test.yml")],
      { encoding: "utf8", timeout: 60_000 },
    );
    expect(stdout + stderr).toContain("SUCCESS");
    expect(status).toBe(0);
  },
);
