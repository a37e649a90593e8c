import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Agent } from "undici";
import { expect, onTestFinished, test } from "vitest";
import { createDispatcher } from "./outgoing-http.ts";

test("an agent looks once at its connections where all of them are aborted together", async () => {
  const server = createServer((_, response) => void response.writeHead(200).flushHeaders());
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const dispatcher = createDispatcher({}, { connectTimeoutMs: 60_000 }) as Agent;
  onTestFinished(() => dispatcher.destroy());
  let looked = 0;
  dispatcher.on("disconnect", () => looked++);

  const abort = new AbortController();
  const streams = Array.from({ length: 8 }, async () => {
    const { body } = await dispatcher.request({ origin, path: "/", method: "GET", signal: abort.signal });
    return body.dump({ limit: 1 }).catch(() => {});
  });
  await expect.poll(() => dispatcher.stats[origin]?.connected).toBe(8);
  abort.abort();
  await Promise.allSettled(streams);
  await expect.poll(() => looked).toBe(1);
  const { body, statusCode } = await dispatcher.request({ origin, path: "/", method: "GET" });
  expect(statusCode).toBe(200);
  body.destroy();
});
