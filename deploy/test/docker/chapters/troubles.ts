import { once } from "node:events";
import { createServer } from "node:http";
import { expect } from "vitest";
import { check } from "../check.ts";
import { until } from "../expect.ts";
import { API, ask, postJson } from "../http.ts";
import type { Product } from "../product.ts";
import { redisStackSnapshot } from "../redis-stack-snapshot.ts";

const turnWith = (provider: string): RequestInit =>
  postJson({ message: "Hello", mode: "stateless", provider, session_id: "troubles" });

const DOCTOR = "docker-compose exec -T backend node packages/server/src/commands/run.ts doctor";

/** The cases of docs/operate/troubleshooting.md, brought about: the product prints what is written there. */
export function troubles(product: Product): void {
  check("the doctor in the backend: no check fails, and the overcommit setting of this machine", async () => {
    const found = await product.run(DOCTOR);
    const overcommit = (
      await product.run("docker exec chat-backend cat /proc/sys/vm/overcommit_memory")
    ).trim();
    expect(found).toMatch(overcommit === "1" ? /^ok +overcommit/m : /^warn +overcommit +vm.* is [02] /m);
    expect(found).toMatch(/ 0 failed$/m);
    return /\d+ ok, .*/.exec(found)?.[0] ?? "";
  });
  check(
    "the doctor with AUTH=guest and a key: the limit of an address is enough, and off is a warning",
    async () => {
      const settings = {
        AUTH: "guest",
        OPENAI_API_KEY: "sk-x",
        OPENAI_BASE_URL: "http://host.docker.internal:9",
      };
      const limitsOf = async (more: Record<string, string>) => {
        product.configure({ ...settings, ...more });
        await product.up();
        return /^(ok|warn) +limits +.*/m.exec(await product.run(DOCTOR))?.[0] ?? "";
      };
      const [limited, unlimited] = [await limitsOf({}), await limitsOf({ LIMIT_ADDRESS_USD_PER_DAY: "off" })];
      product.configure({});
      await product.up();
      expect(limited).toMatch(/^ok/);
      expect(unlimited).toMatch(/^warn .*LIMIT_ADDRESS_USD_PER_DAY/);
      return limited;
    },
  );
  check("1. ChatGPT without a key", async () => {
    const { status, text } = await ask(`${API}/chat`, turnWith("chatgpt"));
    expect(status, "status").toEqual(503);
    expect(text).toMatch(/No OpenAI API key is set\. Set OPENAI_API_KEY/);
    return JSON.parse(text).detail;
  });
  check("2. No model server on this machine", async () => {
    product.configure({ OLLAMA_BASE_URL: "http://host.docker.internal:9/v1" });
    await product.up();
    const { status, text } = await ask(`${API}/chat`, turnWith("ollama"));
    product.configure({});
    expect(status, "status").toEqual(503);
    expect(text).toMatch(/No model server can be reached at http:\/\/host\.docker\.internal:9\/v1/);
    return JSON.parse(text).detail;
  });
  check("3. Redis away while the backend starts", async () => {
    await product.run("docker-compose stop redis backend");
    await product.run("docker start chat-backend");
    let logs = "";
    await until(
      "the log says it",
      async () => {
        logs = await product.run("docker-compose logs --tail 5 backend");
        return logs.includes("Failed to connect to Redis at redis:6379");
      },
      20_000,
    );
    await product.run("docker-compose start redis");
    await until(
      "the backend is ready",
      async () => (await ask(`${API}/health/ready`)).status === 200,
      60_000,
    );
    return /Failed to connect to Redis[^"]*/.exec(logs)?.[0] ?? "";
  });
  check("5. A port in use: start.sh names it and what to do", async () => {
    await product.down();
    const blocker = createServer().listen(3000, "127.0.0.1");
    await once(blocker, "listening");
    const { code, output } = await product.attempt("./start.sh", 15 * 60_000);
    blocker.close();
    expect(code, "the exit code").toEqual(1);
    expect(output).toMatch(/Port 3000 is in use by another program[\s\S]*WEB_PORT/);
    return "Port 3000 is in use by another program.";
  });
  check("6. A volume of the original's Redis Stack: refused, and left as it was", async () => {
    await product.down("-v");
    await product.run("docker-compose up --no-start redis", 120_000);
    const snapshot = redisStackSnapshot();
    const inVolume = (command: string, input?: string) =>
      product.attempt(
        `docker run --rm -i --user 0 --volumes-from redis-memory --entrypoint sh redis-memory-magic-backend -c '${command}'`,
        60_000,
        input,
      );
    const manifest = "file appendonly.aof.1.base.rdb seq 1 type b\n";
    const folder = "/data/appendonlydir";
    await inVolume(
      `mkdir ${folder} && base64 -d > ${folder}/appendonly.aof.1.base.rdb && printf "${manifest.trim()}\\n" > ${folder}/appendonly.aof.manifest && cp ${folder}/appendonly.aof.1.base.rdb /data/dump.rdb && chown -R $(stat -c %u:%g /data) /data`,
      snapshot.toString("base64"),
    );
    await product.attempt("docker-compose up -d redis", 60_000);
    let logs = "";
    await until(
      "Redis refuses the file",
      async () => {
        logs = await product.run("docker logs redis-memory");
        return /no matching module/.test(logs);
      },
      30_000,
    );
    const { output } = await inVolume("base64 -w 0 /data/dump.rdb");
    expect(output.trim(), "the old snapshot").toEqual(snapshot.toString("base64"));
    await product.down("-v");
    return /The RDB file contains[^\n]*/.exec(logs)?.[0] ?? "";
  });
  check("7. No Docker: start.sh says so", async () => {
    const { code, output } = await product.attempt("DOCKER_HOST=unix:///nowhere/docker.sock ./start.sh");
    expect(code, "the exit code").toEqual(1);
    expect(output).toMatch(/Docker is installed, but not running[\s\S]*systemctl start docker/);
    return "Docker is installed, but not running: …";
  });
}
