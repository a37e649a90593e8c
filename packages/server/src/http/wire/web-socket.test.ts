import { once } from "node:events";
import { type AddressInfo, connect, type Socket } from "node:net";
import { expect, onTestFinished, test, vi } from "vitest";
import { type WebSocket, WebSocketServer } from "ws";
import { WebSocketEvents } from "./web-socket.ts";

const HANDSHAKE = [
  "GET / HTTP/1.1",
  "Host: localhost",
  "Connection: Upgrade",
  "Upgrade: websocket",
  "Sec-WebSocket-Version: 13",
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
  "\r\n",
].join("\r\n");

// Masked frames with the key 0, whose payload stands as it is.
const PONG = Buffer.from([0x8a, 0x80 + 100, ...Buffer.alloc(4 + 100)]);
const beginningOf = (bytes: number): Buffer =>
  Buffer.from([0x81, 0xff, 0, 0, 0, 0, 0, 0, bytes >> 8, bytes & 255, 0, 0, 0, 0]);

const CHECK_MS = 20;

/** A connection that is looked at every 20 ms, and its client's bare socket. */
async function open(): Promise<{ client: Socket; socket: WebSocket; events: WebSocketEvents }> {
  const server = new WebSocketServer({ port: 0 });
  await once(server, "listening");
  const client = connect((server.address() as AddressInfo).port);
  onTestFinished(() => {
    client.destroy();
    server.close();
  });
  const connected = once(server, "connection");
  client.write(HANDSHAKE);
  const [socket, request] = await connected;
  return {
    client,
    socket,
    events: new WebSocketEvents(socket, request.socket, { checkMs: CHECK_MS, checksPerMessage: 3 }),
  };
}

const ended = async ({ clientGone }: WebSocketEvents): Promise<void> => {
  if (!clientGone.aborted) await once(clientGone, "abort");
};

test("ends when its client answers no ping", async () => {
  const { events } = await open();
  await ended(events);
});

test("ends when a message is not whole in time, although pings are answered and bytes come", async () => {
  const { client, events } = await open();
  client.write(beginningOf(60_000));
  client.on("data", () => client.write(Buffer.alloc(2000)));
  await ended(events);
});

test("stays while its client answers pings", async () => {
  // A process that gets no time does not answer within 20 ms: the next look waits for the answer.
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  onTestFinished(() => {
    vi.useRealTimers();
  });
  const { client, socket, events } = await open();
  client.on("data", () => client.write(PONG));
  for (let ping = 0; ping < 20; ping++) {
    const answered = once(socket, "pong");
    vi.advanceTimersByTime(CHECK_MS);
    await answered;
  }
  expect(events.clientGone.aborted).toBe(false);
  client.destroy();
  await ended(events);
});
