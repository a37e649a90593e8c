import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { withSystem } from "../faults/system.ts";
import type { Outcome } from "./outcome.ts";

// Headers may take 15 s and a whole request 30 s. The server checks every 2 s.
const CUT_WITHIN_MS = 36_000;
/** Only a server that these connections block takes longer; the row shows the time. */
const ANSWERS_WITHIN_MS = 10_000;

/** Opens connections that send nothing, or a byte at a time, and checks that other clients are served. */
export function slowConnections({ connections }: { connections: number }): Promise<Outcome> {
  return withSystem(async (system) => {
    const server = await system.startServer();
    const { port } = new URL(server.base);
    const found: string[] = [];
    const sockets: Socket[] = [];
    let open = 0;
    for (let n = 0; n < connections; n++) {
      const socket = connect(Number(port), "127.0.0.1");
      socket.on("error", () => {});
      socket.on("connect", () => open++);
      socket.on("close", () => open--);
      socket.resume();
      sockets.push(socket);
      if (n % 3 === 0) socket.write("GET / HTTP/1.1\r\nHost: localhost\r\n");
      if (n % 3 === 1) {
        const head = "POST /chat HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
        socket.write(`${head}Content-Length: 100000\r\n\r\n{"message":"`);
      }
    }
    const started = performance.now();
    let slowest = 0;
    let served = 0;
    while (performance.now() - started < CUT_WITHIN_MS && (open > 0 || served < 3)) {
      sockets.forEach((socket, n) => {
        if (n % 3 < 2 && socket.writable) socket.write(n % 3 === 0 ? "X" : "x");
      });
      const asked = performance.now();
      const answer = await fetch(`${server.base}/health/ready`);
      await answer.arrayBuffer();
      slowest = Math.max(slowest, performance.now() - asked);
      if (answer.status !== 200) found.push(`another client was answered ${answer.status}`);
      served++;
      await sleep(500);
    }
    const seconds = Math.round((performance.now() - started) / 1000);
    if (open > 0) found.push(`${open} connections are open after ${seconds} s`);
    if (slowest > ANSWERS_WITHIN_MS) found.push(`another client waited ${Math.round(slowest)} ms`);
    for (const socket of sockets) socket.destroy();
    return {
      tries: connections,
      found,
      note: `all were cut within ${seconds} s; other clients waited at most ${Math.round(slowest)} ms`,
    };
  });
}
