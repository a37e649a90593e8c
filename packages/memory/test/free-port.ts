import { createServer } from "node:net";

const FIRST = 15_000;
const OF_A_PROCESS = 100;
const PROCESSES = 70;

let given = 0;

/**
 * Below the ports that a system gives to clients, so that none of them takes it before it is listened on. That of a
 * cluster's bus, 10,000 above, is free too. Test files run in processes side by side: each has ports of its own, and
 * gives none twice in a row, so that two servers never start on one.
 */
export async function freePort(): Promise<number> {
  const first = FIRST + (process.pid % PROCESSES) * OF_A_PROCESS;
  for (;;) {
    const port = first + (given++ % OF_A_PROCESS);
    if ((await isFree(port)) && (await isFree(port + 10_000))) return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, "127.0.0.1");
  return new Promise((resolve) => {
    server.once("error", () => resolve(false));
    server.once("listening", () => server.close(() => resolve(true)));
  });
}
