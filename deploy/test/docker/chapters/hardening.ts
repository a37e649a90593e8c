import { expectEqual, expectMatch } from "../expect.ts";
import { API, ask, chat, postJson } from "../http.ts";
import { CONTAINERS, type Product } from "../product.ts";
import type { Report } from "../report.ts";

/** More than its container may have, 10 MiB at a time. */
const FILL = `for n in $(seq 120); do
  redis-cli EVAL "for i=1,10 do redis.call('SET',KEYS[1]..i,string.rep('x',1000000)) end" 1 fill:$n:
done
redis-cli INFO memory`;

/** What the running containers may do, looked up in them. */
export async function hardening(product: Product, report: Report): Promise<void> {
  report.chapter("Safety");
  for (const name of CONTAINERS) {
    await report.check(`${name}: no process is root, none has a capability, none can gain one`, async () => {
      const owners = (await product.run(`docker top ${name} -eo uid,pid,args`)).trim().split("\n").slice(1);
      const ids = owners.map((line) => Number(line.trim().split(/\s+/)[0]));
      if (ids.length === 0 || ids.includes(0)) throw new Error(`runs as ${ids}`);
      const status = await product.run(`docker exec ${name} cat /proc/1/status`);
      expectMatch(status, /^CapEff:\s*0+$/m);
      expectMatch(status, /^CapBnd:\s*0+$/m);
      expectMatch(status, /^NoNewPrivs:\s*1$/m);
      return `${ids.length} processes, user ${[...new Set(ids)]}`;
    });
    await report.check(`${name}: writes nowhere but to /tmp and its volume`, async () => {
      expectEqual(await product.inspect(name, "{{.HostConfig.ReadonlyRootfs}}"), "true", "read-only");
      const { code } = await product.attempt(`docker exec ${name} sh -c "echo x > /usr/written"`);
      if (code === 0) throw new Error("/usr can be written to");
      const mounts = await product.inspect(
        name,
        "{{range .Mounts}}{{if .RW}}{{.Destination}} {{end}}{{end}}",
      );
      expectEqual(mounts, name === "redis-memory" ? "/data" : "", "writable mounts");
      return `read-only; writable: ${mounts || "/tmp alone"}`;
    });
    await report.check(`${name}: bounded memory, processors and logs; comes back by itself`, async () => {
      const [memory, cpus, size, files, restart] = (
        await product.inspect(
          name,
          '{{.HostConfig.Memory}} {{.HostConfig.NanoCpus}} {{index .HostConfig.LogConfig.Config "max-size"}} {{index .HostConfig.LogConfig.Config "max-file"}} {{.HostConfig.RestartPolicy.Name}}',
        )
      ).split(" ");
      if (!Number(memory) || !Number(cpus)) throw new Error(`memory ${memory}, processors ${cpus}`);
      expectEqual([size, files, restart], ["10m", "3", "unless-stopped"], "logs and restart policy");
      return `${Number(memory) / 2 ** 20} MiB, ${Number(cpus) / 1e9} processors, ${files} logs of ${size}`;
    });
  }
  await report.check("redis-memory: full, it refuses writes and goes on", async () => {
    const { output } = await product.attempt("docker-compose exec -T redis sh", 120_000, FILL);
    expectMatch(output, /OOM command not allowed/);
    const turn = (mode: string) =>
      postJson({ message: "Hello", mode, provider: "mirror", session_id: "full" });
    const stateless = await ask(`${API}/chat`, turn("stateless"));
    const stateful = await ask(`${API}/chat`, turn("stateful"));
    const used = /used_memory_human:(\S+)/.exec(output)?.[1];
    await product.run("docker-compose exec -T redis redis-cli FLUSHALL");
    expectEqual([stateless.status, stateful.status], [200, 503], "status");
    expectEqual(await product.inspect("redis-memory", "{{.RestartCount}}"), "0", "how often it was killed");
    await chat(API, "full", "Hello");
    return `at ${used}: a stateless turn is answered, a stateful one refused`;
  });
  await report.check("the images hold production code only", async () => {
    const files = await product.run(
      `docker exec chat-backend sh -c 'find packages -name "*.test.ts" -o -name ".env*"; ls node_modules | grep -xE "vitest|typescript|vite|react" || true'`,
    );
    expectEqual(files, "", "what has no place in the image");
    const sizes = await product.run(`docker images --format "{{.Repository}} {{.Size}}"`);
    const own = sizes.split("\n").filter((line) => line.startsWith("redis-memory-magic"));
    return own.join(", ").replaceAll("redis-memory-magic-", "");
  });
}
