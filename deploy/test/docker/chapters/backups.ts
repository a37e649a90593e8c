import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { check } from "../check.ts";
import { until } from "../expect.ts";
import { API, ask, chat } from "../http.ts";
import { CONTAINERS, type Product } from "../product.ts";
import { overlay } from "./overlays/overlay.ts";

/** Backups that make themselves. */
export function backups(product: Product): void {
  const files = () => readdirSync(join(product.root, "backups"));
  check("backup: one is made and its restore tried, and the metrics say when", async () => {
    await product.run("mkdir -p backups && chmod 777 backups");
    product.configure(overlay("backup"));
    await product.up();
    await chat(API, "kept", "My name is Bob");
    await product.run("docker-compose restart backup");
    await until("a backup is there", async () => files().some((name) => name.endsWith("Z.backup")), 60_000);
    let log = "";
    await until(
      "its restore was tried",
      async () => {
        log = await product.run("docker logs chat-backup 2>&1");
        return log.includes("all of it can be restored");
      },
      60_000,
    );
    const { text } = await ask(`${API}/metrics`);
    const made = Number(/^rmm_backup_timestamp_seconds (\S+)$/m.exec(text)?.[1]);
    expect(Math.abs(Date.now() / 1000 - made)).toBeLessThan(300);
    return log.trim().split("\n").slice(-2).join(" ");
  });
  check("the backup of the schedule brings all back after down -v", async () => {
    await product.run("rm -f backups/*");
    await product.run("docker-compose restart backup");
    await until("a backup is there", async () => files().some((name) => name.endsWith("Z.backup")), 60_000);
    const [file = ""] = files();
    await product.down("-v");
    product.configure({});
    await product.up();
    await product.run(
      `docker-compose run --rm --no-deps -T -v "$PWD/backups:/backups" -u "$(stat -c %u backups/${file})" backend node packages/server/src/commands/run.ts restore /backups/${file}`,
    );
    const { response } = await chat(API, "kept", "What is my name?");
    expect(response).toContain("My name is Bob");
    return response;
  });
  check("a Redis that cannot be tried in is said, and the server stays as it is", async () => {
    product.configure(overlay("backup"));
    await product.run("rm -f backups/*");
    await product.up([...CONTAINERS]);
    await product.run("docker-compose stop backup backup-try");
    await product.run("rm -f backups/*");
    const { code, output } = await product.attempt(
      "docker-compose run --rm --no-deps -T backup node packages/server/src/commands/run.ts backup --into /backups --try-in redis://backup-try",
    );
    expect(code).toBe(1);
    expect(output).toMatch(/The restore was not tried: no Redis answers at backup-try:6379/);
    return output.trim().split("\n").at(-1) ?? "";
  });
}
