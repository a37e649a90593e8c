import { expect } from "vitest";
import { startFakeOpenAi } from "../../../../../packages/server/test/fakes/openai.ts";
import { check } from "../../check.ts";
import { API, chat } from "../../http.ts";
import type { Product } from "../../product.ts";
import { overlay } from "./overlay.ts";

/** Redis asks who comes, and secrets come from files. */
export function secrets(product: Product): void {
  check("redis-acl: the backend may do what it needs, and no more", async () => {
    await product.run("./deploy/redis/make-users.sh");
    product.configure({ ...overlay("redis-acl"), REDIS_URL_FILE: "/run/secrets/redis_url", AUTH: "guest" });
    await product.up();
    await everyRoute(product);
    const as = (user: string, file: string, command: string) =>
      product.run(
        `docker-compose exec -T -e REDISCLI_AUTH="$(cat ${file} | sed -E 's#.*chat:([^@]*)@.*#\\1#')" redis redis-cli --user ${user} ${command}`,
      );
    const admin = (command: string) => as("admin", "secrets/redis/admin_password", command);
    const denied = (await admin("ACL LOG")).trim();
    const forChat = denied.split("\n").filter((line) => line.includes("chat"));
    expect(forChat, "what the backend was denied").toEqual([]);
    expect(await as("chat", "secrets/backend/redis_url", "CONFIG GET maxmemory")).toMatch(/NOPERM/);
    expect(await as("chat", "secrets/backend/redis_url", "SET elsewhere 1")).toMatch(/NOPERM/);
    expect(await product.run("docker-compose exec -T redis redis-cli KEYS '*'")).toMatch(/NOPERM/);
    return "every kind of request works, nothing denied; CONFIG and other keys refused";
  });
  check("secrets from files: the key reaches OpenAI, and is not in the environment", async () => {
    const key = "sk-proj-of-the-docker-test";
    const openai = await startFakeOpenAi();
    const port = new URL(openai.url).port;
    product.write("secrets/backend/openai_api_key", `${key}\n`);
    // The scripted OpenAI listens on loopback: from a container on this machine's network it can be reached.
    product.write(
      "host-network.yml",
      `services: { relay: { image: redis-memory-magic-backend, network_mode: host, command: ["node", "-e", "require('net').createServer(s=>{const u=require('net').connect(${port},'127.0.0.1');s.on('error',()=>u.destroy());u.on('error',()=>s.destroy());s.pipe(u).pipe(s)}).listen(11435,'0.0.0.0')"] } }\n`,
    );
    product.configure({
      COMPOSE_PATH_SEPARATOR: ":",
      COMPOSE_FILE: "docker-compose.yml:host-network.yml",
      OPENAI_API_KEY_FILE: "/run/secrets/openai_api_key",
      OPENAI_BASE_URL: "http://host.docker.internal:11435/v1",
    });
    await product.up();
    const { response } = await chat(API, "secret", "Hello", { provider: "chatgpt" });
    const sent = openai.last.headers.authorization;
    await openai.close();
    expect(sent, "what OpenAI was sent").toEqual(`Bearer ${key}`);
    const known = await product.run(
      "docker inspect chat-backend; docker-compose logs; docker-compose config",
    );
    if (known.includes(key)) throw new Error("the key is in the environment or the logs");
    return `OpenAI was sent it, and answered: ${response}`;
  });
}

/** One request of each kind that touches Redis in a way of its own. */
async function everyRoute(product: Product): Promise<void> {
  await product.write("routes.sh", ROUTES, 0o755);
  await product.run("./routes.sh");
}

const ROUTES = `#!/bin/sh
set -eu
ask() { curl -fsS -o answer -c cookies -b cookies -H "Content-Type: application/json" "$@"; }
api=http://localhost:3000/api
ask $api/sessions
ask $api/chat -d '{"message":"Hello","mode":"stateful","provider":"mirror","session_id":"routes"}'
ask $api/chat -H "Idempotency-Key: one" -d '{"message":"Hello","mode":"stateful","provider":"mirror","session_id":"routes"}'
ask $api/chat -H "Accept: text/event-stream" -d '{"message":"Hello","mode":"stateful","provider":"mirror","session_id":"routes"}'
ask $api/context-preview -d '{"message":"Hello","mode":"stateful","provider":"mirror","session_id":"routes"}'
ask $api/sessions/routes
ask $api/sessions/routes -X PATCH -d '{"title":"Routes","ttl_seconds":7200}'
ask $api/sessions/routes/messages
ask $api/sessions/routes/messages -d '{"messages":[{"role":"user","content":"Hello"}]}'
ask $api/sessions/routes/storage
ask $api/sessions/routes/fork -d '{}'
ask "$api/sessions/routes/export?format=json"
ask $api/sessions
ask $api/clear-session -d '{"session_id":"routes"}'
`;
