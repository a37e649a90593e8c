import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { freePort } from "../../packages/memory/test/free-port.ts";

const read = (name: string): Promise<string> =>
  readFile(fileURLToPath(new URL(`../../${name}`, import.meta.url)), "utf8");
const isOnPath = (program: string): boolean => spawnSync(program, ["--version"]).status === 0;

/** The command of docs/operate/observability.md that sends a test alert, as it is typed in the container. */
async function documentedCommand(): Promise<string> {
  const text = (await read("docs/operate/observability.md")).replaceAll("\\\n", "");
  const [, command = ""] = /^docker compose exec alertmanager (amtool .* alert add .*)$/m.exec(text) ?? [];
  return command;
}

test.skipIf(!isOnPath("alertmanager") || !isOnPath("amtool"))(
  "the documented test alert reaches the receiver (skipped: alertmanager and amtool are not on the PATH)",
  { timeout: 120_000 },
  async () => {
    const received: unknown[] = [];
    const receiver = createServer(async (request, response) => {
      received.push(JSON.parse(Buffer.concat(await request.toArray()).toString()));
      response.end();
    }).listen(0, "127.0.0.1");
    await once(receiver, "listening");
    onTestFinished(() => void receiver.close());

    const folder = await mkdtemp(join(tmpdir(), "alertmanager-"));
    const port = (receiver.address() as AddressInfo).port;
    await writeFile(join(folder, "webhook_url"), `http://127.0.0.1:${port}/alerts`);
    const config = await read("deploy/observability/alertmanager.yml");
    await writeFile(join(folder, "alertmanager.yml"), config.replaceAll("/run/secrets", folder));
    const listen = `127.0.0.1:${await freePort()}`;
    const alertmanager = spawn(
      "alertmanager",
      [
        `--config.file=${folder}/alertmanager.yml`,
        `--storage.path=${folder}/data`,
        "--cluster.listen-address=",
        `--web.listen-address=${listen}`,
      ],
      { stdio: "ignore" },
    );
    const ended = once(alertmanager, "exit");
    onTestFinished(async () => {
      alertmanager.kill();
      await ended;
      await rm(folder, { recursive: true });
    });

    const command = (await documentedCommand()).replace("localhost:9093", listen);
    expect(command).toContain(`--alertmanager.url http://${listen}`);
    await expect
      .poll(() => spawnSync("sh", ["-c", command], { encoding: "utf8" }).status, { timeout: 20_000 })
      .toBe(0);
    // Alertmanager collects the alerts of a group for 30 s.
    await expect.poll(() => received, { timeout: 60_000 }).toHaveLength(1);
    expect(received[0]).toMatchObject({
      receiver: "team",
      status: "firing",
      alerts: [
        {
          labels: { alertname: "TestAlert", severity: "page" },
          annotations: { summary: "A test alert. Nothing is wrong." },
        },
      ],
    });
  },
);
