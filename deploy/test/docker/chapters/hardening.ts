import { expect } from "vitest";
import { check } from "../check.ts";
import { API, ask, chat, postJson } from "../http.ts";
import { CONTAINERS, type Product } from "../product.ts";

/** More than its container may have, 10 MiB at a time. */
const FILL = `for n in $(seq 120); do
  redis-cli EVAL "for i=1,10 do redis.call('SET',KEYS[1]..i,string.rep('x',1000000)) end" 1 fill:$n:
done
redis-cli INFO memory`;

/** What the running containers may do, looked up in them. */
export function hardening(product: Product): void {
  for (const name of CONTAINERS) {
    check(`${name}: no process is root, none has a capability, none can gain one`, async () => {
      const owners = (await product.run(`docker top ${name} -eo uid,pid,args`)).trim().split("\n").slice(1);
      const ids = owners.map((line) => Number(line.trim().split(/\s+/)[0]));
      if (ids.length === 0 || ids.includes(0)) throw new Error(`runs as ${ids}`);
      const status = await product.run(`docker exec ${name} cat /proc/1/status`);
      expect(status).toMatch(/^CapEff:\s*0+$/m);
      expect(status).toMatch(/^CapBnd:\s*0+$/m);
      expect(status).toMatch(/^NoNewPrivs:\s*1$/m);
      return `${ids.length} processes, user ${[...new Set(ids)]}`;
    });
    check(`${name}: writes nowhere but to /tmp and its volume`, async () => {
      expect(await product.inspect(name, "{{.HostConfig.ReadonlyRootfs}}"), "read-only").toEqual("true");
      const { code } = await product.attempt(`docker exec ${name} sh -c "echo x > /usr/written"`);
      if (code === 0) throw new Error("/usr can be written to");
      const mounts = await product.inspect(
        name,
        "{{range .Mounts}}{{if .RW}}{{.Destination}} {{end}}{{end}}",
      );
      expect(mounts, "writable mounts").toEqual(name === "redis-memory" ? "/data" : "");
      return `read-only; writable: ${mounts || "/tmp alone"}`;
    });
    check(`${name}: bounded memory, processors and logs; comes back by itself`, async () => {
      const [memory, cpus, size, files, restart] = (
        await product.inspect(
          name,
          '{{.HostConfig.Memory}} {{.HostConfig.NanoCpus}} {{index .HostConfig.LogConfig.Config "max-size"}} {{index .HostConfig.LogConfig.Config "max-file"}} {{.HostConfig.RestartPolicy.Name}}',
        )
      ).split(" ");
      if (!Number(memory) || !Number(cpus)) throw new Error(`memory ${memory}, processors ${cpus}`);
      expect([size, files, restart], "logs and restart policy").toEqual(["10m", "3", "unless-stopped"]);
      return `${Number(memory) / 2 ** 20} MiB, ${Number(cpus) / 1e9} processors, ${files} logs of ${size}`;
    });
  }
  check("redis-memory: full, it refuses writes and goes on", async () => {
    const { output } = await product.attempt("docker-compose exec -T redis sh", 120_000, FILL);
    expect(output).toMatch(/OOM command not allowed/);
    const turn = (mode: string) =>
      postJson({ message: "Hello", mode, provider: "mirror", session_id: "full" });
    const stateless = await ask(`${API}/chat`, turn("stateless"));
    const stateful = await ask(`${API}/chat`, turn("stateful"));
    const used = /used_memory_human:(\S+)/.exec(output)?.[1];
    await product.run("docker-compose exec -T redis redis-cli FLUSHALL");
    expect([stateless.status, stateful.status], "status").toEqual([200, 503]);
    expect(await product.inspect("redis-memory", "{{.RestartCount}}"), "how often it was killed").toEqual(
      "0",
    );
    await chat(API, "full", "Hello");
    return `at ${used}: a stateless turn is answered, a stateful one refused`;
  });
  check("the images hold production code only", async () => {
    const files = await product.run(
      `docker exec chat-backend sh -c 'find packages -name "*.test.ts" -o -name ".env*"; ls node_modules | grep -xE "vitest|typescript|vite|react" || true'`,
    );
    expect(files, "what has no place in the image").toEqual("");
    const sizes = await product.run(`docker images --format "{{.Repository}} {{.Size}}"`);
    const own = sizes.split("\n").filter((line) => line.startsWith("redis-memory-magic"));
    return own.join(", ").replaceAll("redis-memory-magic-", "");
  });
}
