import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import { type AddressInfo, connect } from "node:net";
import type { FastifyBaseLogger, FastifyReply } from "fastify";
import { expect, onTestFinished, test, vi } from "vitest";
import type { Identity } from "../../identity/identity.ts";
import { ActiveRequests } from "./active-requests.ts";

const credentials = { bearer: "key", cookies: {} };

test("stops checking a request whose client disconnected during authentication", async () => {
  const identify = vi.fn(async () => ({ principal: { owner: "alice", group: null, via: "key" as const } }));
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  const live = new ActiveRequests({ identify } as unknown as Identity, {} as FastifyBaseLogger);
  const server = createServer().listen(0, "127.0.0.1");
  onTestFinished(() => {
    vi.useRealTimers();
    live.close();
    server.close();
  });
  await once(server, "listening");
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  socket.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  const [, raw] = (await once(server, "request")) as [unknown, ServerResponse];
  const request = { credentials, owner: "alice", reply: { raw } as FastifyReply };

  live.watch(request);
  vi.advanceTimersByTime(2000);
  expect(identify).toHaveBeenCalledTimes(1);
  socket.destroy();
  await once(raw, "close");
  vi.advanceTimersByTime(2000);
  expect(identify).toHaveBeenCalledTimes(1);
  // It emits no second close event.
  live.watch(request);
  vi.advanceTimersByTime(2000);
  expect(identify).toHaveBeenCalledTimes(1);
});
