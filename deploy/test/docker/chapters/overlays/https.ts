import { cpSync, existsSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { until } from "../../expect.ts";
import { CONTAINERS, type Product } from "../../product.ts";
import { overlay } from "./overlay.ts";

/** A certificate that is given. */
export async function ownCertificate(product: Product): Promise<string> {
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
  expect(await product.run(`${curl} -i http://chat.test/x?y=1`)).toMatch(
    /^HTTP\/1.1 308[\s\S]*Location: https:\/\/chat\.test\/x\?y=1/,
  );
  expect(await product.run(`${curl} -i https://chat.test/`)).toMatch(
    /^HTTP\/2 200[\s\S]*strict-transport-security/i,
  );
  const local = await product.run(`${curl} -i https://localhost/`);
  if (/strict-transport-security/i.test(local)) throw new Error("all of localhost would be bound to HTTPS");
  const streamed = await product.run(
    `${curl} -N https://chat.test/api/chat -H "Content-Type: application/json" -H "Accept: text/event-stream" -H "Origin: https://chat.test" -d '{"message":"Hello","mode":"stateful","provider":"mirror"}'`,
  );
  expect(streamed).toMatch(/event: turn-completed/);
  expect(await product.run(`${curl} https://localhost/api/sessions -H "Host: evil.example"`)).toMatch(
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
export async function letsEncrypt(product: Product): Promise<string> {
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
  expect(page).toMatch(/strict-transport-security/i);
  expect(await product.run(`${curl} -i http://chat.test/`)).toMatch(/^HTTP\/1.1 308/);
  const answer = await product.run(
    `${curl} https://chat.test/api/chat -H "Content-Type: application/json" -H "Origin: https://chat.test" -d '{"message":"Hello","mode":"stateful","provider":"mirror"}'`,
  );
  expect(answer).toMatch(/"status":"completed"/);
  const owners = await product.run("docker top chat-proxy -eo uid,pid,args");
  expect(/^\s*0\s/m.test(owners), "whether the proxy is root").toEqual(false);
  // With nginx away Caddy logs an error of its own.
  await product.run("docker-compose stop frontend");
  await product.run(`${curl} -o answer "https://chat.test/api/auth/callback?code=not-to-be-logged"`);
  const logged = await product.run("docker-compose logs proxy");
  expect(logged).toMatch(/"uri":"\/api\/auth\/callback"/);
  expect(logged.includes("not-to-be-logged"), "whether a login's code is in the log").toEqual(false);
  return "HTTP/2 with a certificate for chat.test, 308 from HTTP, a turn answered, no login's code logged";
}
