import { createServer, type Server } from "node:net";

const FIRST = 15_000;
const OF_A_RANGE = 100;
const RANGES = 70;

let range: Promise<number> | undefined;
let given = 0;

/**
 * Below the ports that a system gives to clients, so that none of them takes it before it is listened on. That of a
 * cluster's bus, 10,000 above, is free too. Test files run in processes side by side, and so do several suites on one
 * machine: each process has a range of its own, and gives no port of it twice in a row, so that two servers never start
 * on one.
 */
export async function freePort(): Promise<number> {
  range ??= takeRange();
  const first = await range;
  for (;;) {
    const port = first + 1 + (given++ % (OF_A_RANGE - 1));
    if ((await isFree(port)) && (await isFree(port + 10_000))) return port;
  }
}

/** Returns the first port of a range. Listening on it, until the process ends, keeps the range from all others. */
async function takeRange(): Promise<number> {
  for (let n = 0; n < RANGES; n++) {
    const first = FIRST + ((process.pid + n) % RANGES) * OF_A_RANGE;
    if (await listens(createServer().unref(), first)) return first;
  }
  throw new Error(`All ${RANGES} ranges of ports from ${FIRST} on are in use.`);
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  const isListening = await listens(server, port);
  await new Promise((resolve) => server.close(resolve));
  return isListening;
}

/** False if another program has the port. */
function listens(server: Server, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => resolve(true));
  });
}
