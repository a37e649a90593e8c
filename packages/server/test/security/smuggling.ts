import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { freePort } from "../../../memory/test/free-port.ts";
import { withSystem } from "../faults/system.ts";
import type { NotRun, Outcome } from "./outcome.ts";
import { headersOf } from "./secured.ts";

const FRONTEND = fileURLToPath(new URL("../../../../deploy/frontend/", import.meta.url));
const NGINX = process.env.NGINX_PATH || "nginx";
const ANSWER_MS = 3000;
const STARTS_WITHIN_MS = 30_000;

/** Requests that nginx and the server may parse differently, each with another request inside. `KEY` is bob's. */
const SMUGGLED = "GET /sessions/secret/messages HTTP/1.1\r\nHost: localhost\r\nX: ";
const head = (line: string, ...headers: string[]): string =>
  [line, "Host: localhost", "Authorization: Bearer KEY", ...headers, "", ""].join("\r\n");
const chunked = `0\r\n\r\n${SMUGGLED}`;

const TRICKS: Readonly<Record<string, string>> = {
  "CL.TE":
    head("POST /api/chat HTTP/1.1", `Content-Length: ${chunked.length}`, "Transfer-Encoding: chunked") +
    chunked,
  "TE.CL":
    head("POST /api/chat HTTP/1.1", "Transfer-Encoding: chunked", "Content-Length: 4") +
    `${SMUGGLED.length.toString(16)}\r\n${SMUGGLED}\r\n0\r\n\r\n`,
  "TE obscured":
    head("POST /api/chat HTTP/1.1", "Transfer-Encoding : chunked", "Content-Length: 4") + chunked,
  "TE twice":
    head("POST /api/chat HTTP/1.1", "Transfer-Encoding: chunked", "Transfer-Encoding: identity") + chunked,
  "TE unknown": head("POST /api/chat HTTP/1.1", "Transfer-Encoding: xchunked", "Content-Length: 4") + chunked,
  "TE by a tab":
    head("POST /api/chat HTTP/1.1", "Transfer-Encoding:\tchunked", "Content-Length: 4") + chunked,
  "CL twice":
    head("POST /api/chat HTTP/1.1", "Content-Length: 2", `Content-Length: ${SMUGGLED.length}`) + SMUGGLED,
  "CL in a list": head("POST /api/chat HTTP/1.1", `Content-Length: 2, ${SMUGGLED.length}`) + SMUGGLED,
  "CL with a sign": head("POST /api/chat HTTP/1.1", "Content-Length: +4") + SMUGGLED,
  "CL negative": head("POST /api/chat HTTP/1.1", "Content-Length: -1") + SMUGGLED,
  "CL of a GET": head("GET /api/sessions HTTP/1.1", `Content-Length: ${SMUGGLED.length}`) + SMUGGLED,
  "a bare LF": `GET /api/sessions HTTP/1.1\nHost: localhost\nAuthorization: Bearer KEY\n\n${SMUGGLED}`,
  "a bare CR": head("GET /api/sessions HTTP/1.1", "X: a\rGET /sessions/secret HTTP/1.1"),
  "a folded header": head("GET /api/sessions HTTP/1.1", "X: a\r\n Authorization: Bearer other"),
  "a NUL": head("GET /api/sessions HTTP/1.1", "X: a\0b"),
  "a line end in the path": head("GET /api/sessions%0d%0aX:%20y HTTP/1.1"),
  "a name with a space": head("GET /api/sessions HTTP/1.1", "Autho rization: Bearer other"),
  "HTTP/0.9": "GET /api/sessions\r\n\r\n",
  "HTTP/1.0 and chunked": head("POST /api/chat HTTP/1.0", "Transfer-Encoding: chunked") + chunked,
  "an absolute address": head("GET http://localhost/api/sessions/secret HTTP/1.1"),
  "a way out of /api": head("GET /api/../sessions/secret HTTP/1.1"),
  "an encoded way out": head("GET /api/%2e%2e/%2e%2e/etc/passwd HTTP/1.1"),
  "two slashes": head("GET /api//sessions/secret HTTP/1.1"),
  "Host twice": head("GET /api/sessions HTTP/1.1", "Host: evil.example"),
  "Authorization twice": head("GET /api/sessions HTTP/1.1", "Authorization: Bearer other"),
  "X-Original-URL": head(
    "GET /api/ HTTP/1.1",
    "X-Original-URL: /sessions/secret",
    "X-Rewrite-URL: /sessions/secret",
  ),
  "a method in a header": head("GET /api/sessions/secret HTTP/1.1", "X-HTTP-Method-Override: DELETE"),
  "Connection that strips": head("GET /api/sessions/secret HTTP/1.1", "Connection: close, Authorization"),
  "an upgrade": head(
    "GET /api/sessions HTTP/1.1",
    "Connection: Upgrade, HTTP2-Settings",
    "Upgrade: h2c",
    "HTTP2-Settings: AA",
  ),
  "a header of 64 kB": head("GET /api/sessions HTTP/1.1", `X: ${"x".repeat(65_536)}`),
};

/** Sends requests that proxies and servers parse differently through nginx, configured as in this repository. */
export function smuggling(): Promise<Outcome | NotRun> {
  return withSystem(async (system) => {
    const server = await system.startServer({
      AUTH: "keys",
      TRUSTED_PROXIES: "127.0.0.1",
      LOG_LEVEL: "info",
    });
    const { alice, bob } = await headersOf(system, "alice", "bob");
    const port = await freePort();
    await using nginx = await startNginx(port, new URL(server.base).port);
    if (nginx === null) return { notRun: "there is no nginx on the PATH (or at NGINX_PATH)" };
    const canary = "the canary of alice";
    await fetch(`${server.base}/chat`, {
      method: "POST",
      headers: { ...alice, "content-type": "application/json" },
      body: JSON.stringify({ message: canary, mode: "stateful", provider: "mirror", session_id: "secret" }),
    });
    const found: string[] = [];
    let tries = 0;
    for (const [name, trick] of Object.entries(TRICKS)) {
      // A smuggled request would answer the next one on the same connection.
      const answers = await Promise.all(
        [1, 2, 3].map(() => send(port, trick.replace("KEY", bob.authorization.slice("Bearer ".length)))),
      );
      tries += answers.length;
      const next = await fetch(`http://127.0.0.1:${port}/api/sessions/secret/messages`, { headers: alice });
      const text = await next.text();
      if (next.status !== 200 || !text.includes(canary))
        found.push(`${name}: alice was answered ${next.status} next`);
      for (const answer of answers) {
        if (answer.includes(canary)) found.push(`${name}: bob got alice's message`);
        // nginx answers 501 to a transfer encoding that it does not know.
        if (/^HTTP\/1\.[01] 5(?!01)\d\d/.test(answer)) found.push(`${name}: ${answer.slice(0, 60)}`);
        const count = answer.match(/^HTTP\/1\.[01] \d{3}/gm)?.length ?? 0;
        if (count > 1) found.push(`${name}: one request had ${count} answers`);
      }
    }
    return { tries, found, note: `${Object.keys(TRICKS).length} tricks` };
  });
}

/** Starts nginx, configured as in this repository; null if there is none. */
async function startNginx(port: number, backend: string): Promise<AsyncDisposable | null> {
  const folder = await mkdtemp(join(tmpdir(), "nginx-"));
  let nginx: ChildProcess | undefined;
  const stop = async () => {
    if (nginx?.pid !== undefined && nginx.exitCode === null && nginx.signalCode === null) {
      const ended = once(nginx, "exit");
      // After SIGKILL its workers would stay.
      nginx.kill("SIGTERM");
      await ended;
    }
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await configure(folder, port, backend);
    nginx = spawn(NGINX, ["-c", join(folder, "nginx.conf"), "-p", folder, "-g", "daemon off;"], {
      stdio: ["ignore", "ignore", "inherit"],
    });
    const missing = await Promise.race([
      once(nginx, "error").then(() => true),
      once(nginx, "spawn").then(() => false),
    ]);
    if (missing) {
      await stop();
      return null;
    }
    await untilServing(nginx, port);
  } catch (error) {
    await stop();
    throw error;
  }
  return { [Symbol.asyncDispose]: stop };
}

/** Writes the configuration, which is made for a container, with other folders and names. */
async function configure(folder: string, port: number, backend: string): Promise<void> {
  const localized = async (name: string) =>
    (await readFile(join(FRONTEND, name), "utf8"))
      .replaceAll("/tmp/", `${folder}/`)
      .replaceAll("/etc/nginx/servers", join(folder, "servers"))
      .replaceAll("/etc/nginx", folder)
      .replaceAll("/usr/share/nginx/html", join(folder, "html"))
      // A test's stderr is a socket, which cannot be opened by its path.
      .replace("/dev/stderr", "stderr")
      .replace("backend:9090", `127.0.0.1:${backend}`)
      .replace(/^\s*resolver .*$/m, "")
      .replace("listen 80;", `listen 127.0.0.1:${port};`);
  await mkdir(join(folder, "servers"));
  await mkdir(join(folder, "html"));
  await writeFile(join(folder, "mime.types"), "types {}\n");
  for (const name of ["nginx.conf", "backend.conf", "site.conf", "page-headers.conf"])
    await writeFile(join(folder, name), await localized(name));
  await writeFile(join(folder, "servers", "server.conf"), await localized("server.conf"));
}

async function untilServing(nginx: ChildProcess, port: number): Promise<void> {
  const deadline = performance.now() + STARTS_WITHIN_MS;
  while (performance.now() < deadline) {
    if (nginx.exitCode !== null) throw new Error(`nginx ended with ${nginx.exitCode}`);
    const there = await fetch(`http://127.0.0.1:${port}/api/health/live`).then(
      (answer) => answer.ok,
      () => false,
    );
    if (there) return;
    await sleep(50);
  }
  throw new Error("nginx did not start");
}

/** Returns the response, until the connection ends or nothing has come for a while. */
function send(port: number, bytes: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    let text = "";
    let timer = setTimeout(() => socket.destroy(), ANSWER_MS);
    socket.on("data", (data) => {
      text += data.toString("latin1");
      clearTimeout(timer);
      timer = setTimeout(() => socket.destroy(), 150);
    });
    socket.on("error", () => {});
    socket.on("close", () => {
      clearTimeout(timer);
      resolve(text);
    });
    socket.write(bytes, "latin1");
  });
}
