import { cpSync, existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { startFakeOpenAi } from "../../../../packages/server/test/fakes/openai.ts";
import { expectEqual, expectMatch, until } from "../expect.ts";
import { API, ask, chat, PAGE, slowTurn } from "../http.ts";
import { CONTAINERS, type Product } from "../product.ts";
import type { Report } from "../report.ts";
import { readUntilBroken, resume, textOf } from "./streams.ts";

const THROUGH_NGINX = `${PAGE}/api`;
const overlay = (...names: string[]) => ({
  COMPOSE_PATH_SEPARATOR: ":",
  COMPOSE_FILE: ["docker-compose.yml", ...names.map((name) => `deploy/${name}.yml`)].join(":"),
});

/** Each overlay brought up once, and what it promises. */
export async function overlays(product: Product, report: Report): Promise<void> {
  report.chapter("Overlays");
  await report.check(
    "several-backends: a turn begun at one is read again, and none is lost when backends go",
    async () => {
      product.configure(overlay("several-backends"));
      await product.up([...CONTAINERS, "chat-backend-2", "chat-backend-3"]);
      for (let turn = 0; turn < 12; turn++) await chat(THROUGH_NGINX, `spread-${turn}`, "Hello");
      const answered = await Promise.all(
        ["chat-backend", "chat-backend-2", "chat-backend-3"].map(
          async (name) => (await product.run(`docker logs ${name}`)).split('"provider":"mirror"').length - 1,
        ),
      );
      if (answered.filter((turns) => turns > 0).length < 2) throw new Error(`turns: ${answered}`);
      const seen = await readUntilBroken(`${THROUGH_NGINX}/chat`, slowTurn("several", 40, 50));
      const [started] = seen;
      if (started === undefined) throw new Error("nothing was streamed");
      const again = await resume(`${THROUGH_NGINX}`, "several", [started]);
      expectEqual(textOf(again), seen.at(-1)?.data.response, "the text that is read again");
      await product.run("docker stop chat-backend-2", 30_000);
      for (let turn = 0; turn < 6; turn++) await chat(THROUGH_NGINX, `stopped-${turn}`, "Hello");
      await product.run("docker kill chat-backend-3", 30_000);
      for (let turn = 0; turn < 6; turn++) await chat(THROUGH_NGINX, `killed-${turn}`, "Hello");
      return `12 turns on ${answered.join(" + ")}; 12 more while two of them went, none lost`;
    },
  );
  await report.check("several-backends: each restarted in turn, under load, and nobody notices", () =>
    rollingRestart(product),
  );
  await report.check("sentinel: the master dies, the replica takes over, conversations go on", async () => {
    product.configure({
      ...overlay("sentinel", "several-backends"),
      BACKEND_REDIS_URL: "redis+sentinel://sentinel-1,sentinel-2,sentinel-3/memory",
    });
    await product.up([...CONTAINERS, "chat-backend-2", "chat-backend-3"]);
    await replicated(product, "redis-memory", 1);
    for (const sentinel of ["sentinel-1", "sentinel-2", "sentinel-3"]) await knowsAll(product, sentinel);
    return goesOnWithout(product, "redis-memory");
  });
  await report.check("cluster: a master dies, its replica takes over, conversations go on", async () => {
    product.configure({
      ...overlay("cluster", "several-backends"),
      BACKEND_REDIS_URL: "redis+cluster://redis,redis-2,redis-3",
    });
    await product.up([...CONTAINERS, "chat-backend-2", "chat-backend-3"]);
    for (const master of ["redis-memory", "redis-2", "redis-3"]) await replicated(product, master, 1);
    return goesOnWithout(product, "redis-2");
  });
  await report.check("redis-password: nobody without it, redis-cli in the container with it", async () => {
    product.configure({ ...overlay("redis-password", "several-backends"), REDIS_PASSWORD: "correct-horse" });
    await product.up([...CONTAINERS, "chat-backend-2", "chat-backend-3"]);
    await chat(THROUGH_NGINX, "with-password", "Hello");
    expectMatch(await product.run("docker-compose exec -T redis redis-cli ping"), /^PONG$/m);
    const without = await product.run("docker-compose exec -T -e REDISCLI_AUTH= redis redis-cli KEYS '*'");
    expectMatch(without, /NOAUTH/);
    return "NOAUTH without, PONG with";
  });
  await report.check("redis-acl: the backend may do what it needs, and no more", async () => {
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
    expectEqual(forChat, [], "what the backend was denied");
    expectMatch(await as("chat", "secrets/backend/redis_url", "CONFIG GET maxmemory"), /NOPERM/);
    expectMatch(await as("chat", "secrets/backend/redis_url", "SET elsewhere 1"), /NOPERM/);
    expectMatch(await product.run("docker-compose exec -T redis redis-cli KEYS '*'"), /NOPERM/);
    return "every kind of request works, nothing denied; CONFIG and other keys refused";
  });
  await report.check(
    "secrets from files: the key reaches OpenAI, and is not in the environment",
    async () => {
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
      expectEqual(sent, `Bearer ${key}`, "what OpenAI was sent");
      const known = await product.run(
        "docker inspect chat-backend; docker-compose logs; docker-compose config",
      );
      if (known.includes(key)) throw new Error("the key is in the environment or the logs");
      return `OpenAI was sent it, and answered: ${response}`;
    },
  );
  await report.check("built-in-model: it answers from memory", () => builtInModel(product));
  await report.check("tls: HTTPS, HTTP leads to it, streams arrive", () => ownCertificate(product));
  await report.check("lets-encrypt: Caddy gets a certificate by ACME, of a local authority", () =>
    acme(product),
  );
}

const SESSIONS = 12;
const FAILED_OVER_WITHIN_MS = 40_000;

/** Until a master has so many replicas that have all it has. */
const replicated = (product: Product, master: string, replicas: number): Promise<number> =>
  until(
    `${master} has a replica`,
    async () =>
      (await product.attempt(`docker exec ${master} redis-cli WAIT ${replicas} 1000`)).output.trim() ===
      `${replicas}`,
    FAILED_OVER_WITHIN_MS,
  );

/** Sentinels look for replicas every 10 s: none is made the master that they have not seen before the master died. */
const knowsAll = (product: Product, sentinel: string): Promise<number> =>
  until(
    `${sentinel} knows the replica and the other sentinels`,
    async () =>
      (
        await product.attempt(`docker-compose exec -T ${sentinel} redis-cli -p 26379 INFO sentinel`)
      ).output.includes("slaves=1,sentinels=3"),
    FAILED_OVER_WITHIN_MS,
  );

/** Conversations in every slot range, before a Redis is killed and after. */
async function goesOnWithout(product: Product, container: string): Promise<string> {
  const sessions = Array.from({ length: SESSIONS }, (_, n) => `goes-on-${n}`);
  for (const session of sessions) await chat(THROUGH_NGINX, session, "My name is Bob");
  await product.run(`docker kill ${container}`, 30_000);
  const killedAt = performance.now();
  for (const session of sessions) {
    await until(
      `${session} goes on`,
      async () => {
        const { response } = await chat(THROUGH_NGINX, session, "Who am I?").catch(() => ({ response: "" }));
        return response.includes("My name is Bob");
      },
      FAILED_OVER_WITHIN_MS,
    );
  }
  return `all of ${SESSIONS} conversations remember, ${((performance.now() - killedAt) / 1000).toFixed(1)} s after ${container} was killed`;
}

/** Somebody asks all the time, while the backends are restarted one after the other. */
async function rollingRestart(product: Product): Promise<string> {
  await product.up([...CONTAINERS, "chat-backend-2", "chat-backend-3"]);
  let over = false;
  let turns = 0;
  const asking = Array.from({ length: 4 }, async (_, person) => {
    while (!over) {
      const seen = await readUntilBroken(
        `${THROUGH_NGINX}/chat`,
        slowTurn(`rolling-${person}-${turns++}`, 20, 50),
      );
      const end = seen.at(-1);
      if (end?.event !== "turn-completed") throw new Error(`told ${JSON.stringify(end)}`);
    }
  });
  const restarting = (async () => {
    for (const name of ["chat-backend", "chat-backend-2", "chat-backend-3"]) {
      await product.run(`docker restart ${name}`, 60_000);
      await until(`${name} is healthy`, async () => (await product.health(name)) === "healthy", 60_000);
    }
  })().finally(() => {
    over = true;
  });
  await Promise.all([restarting, ...asking]);
  return `${turns} answers, all of them whole`;
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

const ANSWERS_WITHIN_MS = 120_000;

async function builtInModel(product: Product): Promise<string> {
  product.configure({ ...overlay("built-in-model") });
  await product.run("docker-compose build", 15 * 60_000);
  await product.run("docker-compose up --no-start", 120_000);
  // What this machine has fetched already need not be fetched again.
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "redis-memory-magic");
  const fetched = existsSync(join(cache, "models", "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf"));
  if (fetched) {
    const target = "/home/node/.cache/redis-memory-magic";
    const volume = "--volumes-from chat-backend --user 0 --entrypoint sh redis-memory-magic-backend";
    for (const part of ["models", "runtime"]) {
      await product.run(
        `tar -C ${cache} -c ${part} | docker run --rm -i ${volume} -c "mkdir -p ${target} && tar -C ${target} -x && chown -R node:node /home/node/.cache"`,
        300_000,
      );
    }
  }
  await product.up();
  const embedded = async () => {
    const { text } = await ask(`${API}/providers`);
    const providers = JSON.parse(text).providers as { id: string; available: boolean; reason?: string }[];
    return providers.find(({ id }) => id === "embedded");
  };
  if (!fetched) {
    const state = await embedded();
    expectMatch(state?.reason ?? "", /being (installed|downloaded)|not downloaded yet/);
    return `not answering: this machine has no copy of the model, and says "${state?.reason}"`;
  }
  await until("the model is ready", async () => (await embedded())?.available === true, ANSWERS_WITHIN_MS);
  const turn = (message: string) => chat(API, "built-in", message, { provider: "embedded" });
  await turn("My name is Bob");
  const { response } = await turn("What is my name?");
  expectMatch(response, /Bob/);
  return response;
}

async function ownCertificate(product: Product): Promise<string> {
  await product.run(
    `mkdir -p certificates && openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext "subjectAltName=DNS:localhost,DNS:chat.test" -keyout certificates/privkey.pem -out certificates/fullchain.pem && chmod 644 certificates/privkey.pem`,
  );
  product.configure({
    ...overlay("tls"),
    TLS_CERTIFICATES: "./certificates",
    AUTH: "guest",
    PUBLIC_URL: "https://chat.test",
  });
  await product.up();
  const curl =
    "curl -sS --cacert certificates/fullchain.pem --resolve chat.test:443:127.0.0.1 --resolve chat.test:80:127.0.0.1";
  expectMatch(
    await product.run(`${curl} -i http://chat.test/x?y=1`),
    /^HTTP\/1.1 308[\s\S]*Location: https:\/\/chat\.test\/x\?y=1/,
  );
  expectMatch(
    await product.run(`${curl} -i https://chat.test/`),
    /^HTTP\/2 200[\s\S]*strict-transport-security/i,
  );
  const local = await product.run(`${curl} -i https://localhost/`);
  if (/strict-transport-security/i.test(local)) throw new Error("all of localhost would be bound to HTTPS");
  const streamed = await product.run(
    `${curl} -N https://chat.test/api/chat -H "Content-Type: application/json" -H "Accept: text/event-stream" -H "Origin: https://chat.test" -d '{"message":"Hello","mode":"stateful","provider":"mirror"}'`,
  );
  expectMatch(streamed, /event: turn-completed/);
  expectMatch(
    await product.run(`${curl} https://localhost/api/sessions -H "Host: evil.example"`),
    /foreign_host/,
  );
  return "308 to HTTPS, HTTP/2, streamed, other names refused";
}

const AUTHORITY = `
services:
  authority:
    image: redis-memory-magic-proxy
    volumes: ["./acme/Caddyfile:/etc/caddy/Caddyfile:ro", "./acme/data:/data"]
    environment: { XDG_DATA_HOME: /data, XDG_CONFIG_HOME: /tmp }
  proxy:
    environment: { SSL_CERT_FILE: /acme/data/caddy/pki/authorities/local/root.crt }
    volumes: ["./acme:/acme:ro"]
    networks: { default: { aliases: [chat.test] } }
`;

/** An ACME authority of its own, in the place of Let's Encrypt: Caddy has one built in. */
async function acme(product: Product): Promise<string> {
  product.write("deploy/acme-authority.yml", AUTHORITY);
  product.write(
    "acme/Caddyfile",
    "{\n\tskip_install_trust\n}\nhttps://authority {\n\ttls internal\n\tacme_server\n}\n",
  );
  await product.run("mkdir -p acme/data && chmod 777 acme/data");
  product.configure({
    ...overlay("lets-encrypt", "acme-authority"),
    PUBLIC_URL: "https://chat.test",
    AUTH: "guest",
    ACME_CA: "https://authority/acme/local/directory",
  });
  await product.run("docker-compose build", 15 * 60_000);
  await product.run("docker-compose up -d authority", 60_000);
  const root = "acme/data/caddy/pki/authorities/local/root.crt";
  await until("the authority has its root", async () => existsSync(join(product.root, root)), 20_000);
  await product.run(`docker-compose exec -T authority chmod -R a+rX /data/caddy`);
  await product.up([...CONTAINERS]);
  cpSync(join(product.root, root), join(product.root, "root.crt"));
  const curl =
    "curl -sS --cacert root.crt --resolve chat.test:443:127.0.0.1 --resolve chat.test:80:127.0.0.1";
  let page = "";
  await until(
    "the certificate is there",
    async () => {
      page = await product.run(`${curl} -i https://chat.test/`);
      return page.startsWith("HTTP/2 200");
    },
    60_000,
    2000,
  );
  expectMatch(page, /strict-transport-security/i);
  expectMatch(await product.run(`${curl} -i http://chat.test/`), /^HTTP\/1.1 308/);
  const answer = await product.run(
    `${curl} https://chat.test/api/chat -H "Content-Type: application/json" -H "Origin: https://chat.test" -d '{"message":"Hello","mode":"stateful","provider":"mirror"}'`,
  );
  expectMatch(answer, /"status":"completed"/);
  const owners = await product.run("docker top chat-proxy -eo uid,pid,args");
  expectEqual(/^\s*0\s/m.test(owners), false, "whether the proxy is root");
  return "HTTP/2 with a certificate for chat.test, 308 from HTTP, a turn answered";
}
