import { expect } from "vitest";
import { check } from "../check.ts";
import { until } from "../expect.ts";
import { chat, THROUGH_NGINX } from "../http.ts";
import { CONTAINERS, type Product } from "../product.ts";
import { overlay } from "./overlays/overlay.ts";

const PASSWORD = 'correct-"horse"$x';

/** Overlays whose images are at hand wherever the product can be built. */
const OVERLAYS: readonly (readonly [name: string, settings: Record<string, string>])[] = [
  ["redis-password", { REDIS_PASSWORD_FILE: "/run/secrets/redis_password" }],
  ["sentinel", { BACKEND_REDIS_URL: "redis+sentinel://sentinel-1,sentinel-2,sentinel-3/memory" }],
  ["cluster", { BACKEND_REDIS_URL: "redis+cluster://redis,redis-2,redis-3" }],
  ["backup", {}],
  ["several-backends", {}],
];

export function secretsAndBounds(product: Product): void {
  check("make-secret.sh takes over the password of .env", async () => {
    product.configure({ REDIS_PASSWORD: PASSWORD });
    const said = await product.run("deploy/make-secret.sh redis_password");
    expect(said).toContain("Remove REDIS_PASSWORD from .env");
    expect((await product.run("cat secrets/backend/redis_password")).trim()).toBe(PASSWORD);
    return said.trim();
  });
  check(
    "redis-password: works with quotes and dollars in it, and docker inspect does not show it",
    async () => {
      product.configure({
        ...overlay("redis-password", "several-backends"),
        REDIS_PASSWORD_FILE: "/run/secrets/redis_password",
      });
      await product.up([...CONTAINERS, "chat-backend-2", "chat-backend-3"]);
      for (let turn = 0; turn < 6; turn++) await chat(THROUGH_NGINX, "with-password", "Hello");
      expect(await product.run("docker-compose exec -T redis redis-cli ping")).toMatch(/^PONG$/m);
      expect(await product.run("docker-compose exec -T -e REDISCLI_AUTH= redis redis-cli KEYS '*'")).toMatch(
        /NOAUTH/,
      );
      const known = await product.run(
        "docker inspect redis-memory chat-backend chat-frontend; docker-compose config; docker-compose logs; docker top redis-memory; docker top chat-backend",
      );
      for (const part of [PASSWORD, "correct-", "horse"]) expect(known).not.toContain(part);
      return "NOAUTH without, PONG with; in no inspect, config, log or process list";
    },
  );
  for (const [name, settings] of OVERLAYS) {
    check(`${name}: every container is bounded and has a health check that passes`, async () => {
      await product.run("mkdir -p backups && chmod 777 backups");
      product.configure({ ...overlay(name), ...settings });
      await product.up();
      const names = (await product.run("docker-compose ps -q | xargs docker inspect --format '{{.Name}}'"))
        .trim()
        .split("\n");
      for (const container of names) {
        const [memory, cpus, files] = (
          await product.inspect(
            container,
            '{{.HostConfig.Memory}} {{.HostConfig.NanoCpus}} {{index .HostConfig.LogConfig.Config "max-file"}}',
          )
        ).split(" ");
        expect([Number(memory) > 0, Number(cpus) > 0, files], container).toEqual([true, true, "3"]);
        const isHealthy = async () => (await product.health(container)) === "healthy";
        await until(`${container} is healthy`, isHealthy, 120_000);
      }
      await product.down("-v");
      return `${names.length} containers`;
    });
  }
  check(
    "redis-memory is not killed when all it holds is written over while its file is rewritten",
    async () => {
      product.configure({});
      await product.up([...CONTAINERS]);
      await product.run(`docker exec redis-memory sh -c '${OVERWRITE}'`, 300_000);
      const state = await product.inspect("redis-memory", "{{.RestartCount}} {{.State.OOMKilled}}");
      const used = await product.run("docker exec redis-memory redis-cli info memory");
      await product.run("docker exec redis-memory redis-cli flushall");
      await chat(THROUGH_NGINX, "after", "Hello");
      expect(state).toBe("0 false");
      return `at ${/used_memory_human:(\S+)/.exec(used)?.[1]}, peak ${/used_memory_peak_human:(\S+)/.exec(used)?.[1]}`;
    },
  );
  check("processes are limited: by the overlay on Compose 2, by an override on 1.29", async () => {
    const isOld = (await product.run("docker-compose version --short")).trim().startsWith("1.");
    if (isOld) product.write("deploy/override.yml", "services: { backend: { pids_limit: 256 } }\n");
    product.configure(overlay(isOld ? "override" : "pids-limit"));
    await product.up();
    const names = isOld ? (["chat-backend"] as const) : CONTAINERS;
    for (const name of names) expect(await product.inspect(name, "{{.HostConfig.PidsLimit}}")).toBe("256");
    product.configure({});
    return `256: ${names.join(", ")}`;
  });
  check("an override with limits as the original's README has it is taken", async () => {
    product.write(
      "docker-compose.override.yml",
      "services: { backend: { deploy: { resources: { limits: { cpus: '1', memory: 512M }, reservations: { cpus: '0.5', memory: 256M } } } } }\n",
    );
    await product.up();
    await product.run("rm docker-compose.override.yml");
    expect(await product.inspect("chat-backend", "{{.HostConfig.Memory}}")).toBe(`${512 * 2 ** 20}`);
    return "512 MB for the backend";
  });
  check("start.sh makes .env for its owner only", async () => {
    await product.run("rm -f .env && ./start.sh", 15 * 60_000);
    expect((await product.run("stat -c %a .env")).trim()).toBe("600");
    return "0600";
  });
}

/** Fills it to 700 MB, then writes over all of it while the append-only file is rewritten. */
const OVERWRITE = [
  'write() { redis-cli eval "for i=1,700000 do redis.call(\\"SET\\",\\"k:\\"..i,string.rep(ARGV[1],900)) end" 0 $1 >/dev/null; }',
  "write x",
  "for round in a b c d; do redis-cli bgrewriteaof >/dev/null; write $round; done",
].join("\n");
