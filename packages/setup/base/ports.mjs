import { createServer } from "node:net";
import { Failure } from "./failure.mjs";
import { portOwner } from "./port-owner.mjs";

const PORTS = [
  { variable: "PORT", fallback: 9090, use: "the API" },
  { variable: "WEB_PORT", fallback: 3000, use: "the page" },
];

/**
 * Refuses what could not listen, before anything is downloaded.
 * @param {NodeJS.ProcessEnv} env
 * @param {NodeJS.Platform} [platform]
 */
export async function checkPorts(env, platform = process.platform) {
  const host = env.HOST || "127.0.0.1";
  const problems = [];
  const [api, page] = PORTS.map(({ variable, fallback }) => Number(env[variable] || fallback));
  if (api === page) {
    throw new Failure(`PORT and WEB_PORT are both ${api}. The API and the page need a port each.`);
  }
  for (const { variable, fallback, use } of PORTS) {
    const port = Number(env[variable] || fallback);
    // What is no port number the server itself refuses, together with all other mistakes in the configuration.
    if (!Number.isInteger(port) || port < 1 || port > 65_535) continue;
    const code = await bindError(port, host);
    if (!code) continue;
    const free = await freePort(port + 1);
    const way =
      platform === "win32" ? `write ${variable}=${free} into .env` : `run ${variable}=${free} npm start`;
    if (code === "EADDRINUSE") {
      const owner = portOwner(port);
      problems.push(
        `Port ${port}, for ${use}, is in use by ${owner ?? "another program"}. Stop that, or ${way}.`,
      );
    } else if (code === "EACCES") {
      problems.push(
        `Port ${port}, for ${use}, may not be opened without more rights. Choose another: ${way}.`,
      );
    } else {
      problems.push(
        `Nothing can listen on ${host}:${port}, for ${use} (${code}). Correct HOST or ${variable}.`,
      );
    }
  }
  if (problems.length > 0) throw new Failure(problems.join("\n"));
}

/**
 * A port of the loopback interface that is free right now: this one or, if it is taken, one of the next hundred, else
 * any.
 * @param {number} [preferred] 0: any
 * @returns {Promise<number>}
 */
export async function freePort(preferred = 0) {
  for (let port = preferred; port > 0 && port < Math.min(preferred + 100, 65_536); port++) {
    if (!(await bindError(port, "127.0.0.1"))) return port;
  }
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}

/**
 * Why a port cannot be listened on; undefined when it can.
 * @param {number} port
 * @param {string} host
 * @returns {Promise<string | undefined>}
 */
async function bindError(port, host) {
  const code = await tryToListen(port, host);
  if (code || host !== "127.0.0.1") return code;
  // A program on ::1 alone would not be in the way, but browsers would find it under "localhost" in our place.
  return (await tryToListen(port, "::1")) === "EADDRINUSE" ? "EADDRINUSE" : undefined;
}

/** @param {number} port @param {string} host @returns {Promise<string | undefined>} */
function tryToListen(port, host) {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error) =>
      resolve(/** @type {NodeJS.ErrnoException} */ (error).code ?? error.message),
    );
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}
