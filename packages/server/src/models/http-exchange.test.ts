import { getEventListeners } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { Pool } from "undici";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { AppError } from "../errors/app-error.ts";
import { type BodyReader, exchange } from "./http-exchange.ts";
import { ProviderHttp } from "./provider-http.ts";

/** What happens on a connection whose other end does as it likes. */
let server: Server;
let sockets: Socket[];
let url: string;
let onRequest: (socket: Socket) => void;
const never = new AbortController().signal;

beforeEach(async () => {
  sockets = [];
  server = createServer((socket) => {
    sockets.push(socket);
    socket.on("error", () => {}).on("data", () => onRequest(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
});
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
});

/** The failure of a GET whose connection does this once it was sent. */
async function failureWhen(then: (socket: Socket) => void): Promise<AppError> {
  onRequest = then;
  const http = new ProviderHttp({ baseUrl: `${url}/v1`, apiKey: "" });
  const failure = await http.getJson("models", never).catch((error: unknown) => error);
  await http.close();
  if (!(failure instanceof AppError)) throw new Error("No AppError", { cause: failure });
  return failure;
}

const closed = (socket: Socket | undefined): Promise<unknown> =>
  socket?.destroyed ? Promise.resolve() : new Promise((resolve) => socket?.once("close", resolve));

describe("a server that", () => {
  test("closes the connection instead of answering", async () => {
    expect((await failureWhen((socket) => socket.destroy())).code).toBe("provider_broke_off");
  });

  test("resets the connection in mid-answer", async () => {
    const failure = await failureWhen((socket) => {
      socket.write("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{");
      setTimeout(() => socket.resetAndDestroy(), 20);
    });
    expect(failure.code).toBe("provider_broke_off");
  });

  test("speaks no HTTP", async () => {
    expect((await failureWhen((socket) => socket.write("220 mail.example SMTP\r\n"))).code).toBe(
      "provider_failed",
    );
  });

  test("never ends the body of its error", async () => {
    const failure = await failureWhen((socket) => {
      socket.write('HTTP/1.1 500 Oops\r\ncontent-length: 9999\r\n\r\n{"error":{"message":"half');
    });
    expect(failure).toMatchObject({ code: "provider_failed", provider: { status: 500 } });
  });

  test("sends an error without end", async () => {
    const failure = await failureWhen((socket) => {
      socket.write("HTTP/1.1 503 Busy\r\ntransfer-encoding: chunked\r\n\r\n");
      const flood = setInterval(() => socket.write(`ffff\r\n${"x".repeat(0xffff)}\r\n`), 1);
      socket.once("close", () => clearInterval(flood));
    });
    expect(failure).toMatchObject({ code: "provider_overloaded", provider: { status: 503 } });
    await closed(sockets[0]);
  });

  test("sends JSON without end", async () => {
    const failure = await failureWhen((socket) => {
      socket.write("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n");
      const flood = setInterval(() => socket.write("[".repeat(1_000_000)), 1);
      socket.once("close", () => clearInterval(flood));
    });
    expect(failure.code).toBe("provider_failed");
    await closed(sockets[0]);
  });

  test("redirects", async () => {
    const failure = await failureWhen((socket) => {
      socket.write("HTTP/1.1 301 Moved\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n");
    });
    expect(failure).toMatchObject({ code: "provider_unavailable" });
  });
});

describe("a body", () => {
  const json = Buffer.from('{"data":[{"id":"a"}],"note":"("}');

  /** What is read of a body with this label, in packets of one byte each. */
  async function read(encoding: string, body: Buffer): Promise<unknown> {
    const label = encoding === "" ? "" : `content-encoding: ${encoding}\r\n`;
    onRequest = async (socket) => {
      socket.write(`HTTP/1.1 200 OK\r\n${label}content-length: ${body.length}\r\n\r\n`);
      for (const byte of body) {
        socket.write(Buffer.of(byte));
        await sleep(0);
      }
    };
    const http = new ProviderHttp({ baseUrl: `${url}/v1`, apiKey: "" });
    return http.getJson("models", never).finally(() => http.close());
  }

  test.each([
    ["gzip", gzipSync(json)],
    ["x-gzip", gzipSync(json)],
    ["", gzipSync(json)],
    ["deflate", deflateSync(json)],
    ["br", brotliCompressSync(json)],
    ["zstd", zstdCompressSync(json)],
    ["gzip", json],
    ["none", json],
    ["UTF-8", json],
  ])("with the label %j is read by what it is", async (encoding, body) => {
    expect(await read(encoding, body)).toEqual({ data: [{ id: "a" }], note: "(" });
  });

  test.each([
    ["in one packet", "HTTP/1.1 400 No\r\ncontent-length: 9\r\n\r\n(no such)"],
    ["after its first byte", "HTTP/1.1 400 No\r\ncontent-length: 9\r\n\r\n("],
  ])("that begins with a parenthesis is text, also %s", async (_, start) => {
    const failure = await failureWhen(async (socket) => {
      socket.write(start);
      await sleep(20);
      if (start.endsWith("(")) socket.write("no such)");
    });
    expect(failure).toMatchObject({ code: "provider_refused", provider: { message: "(no such)" } });
  });
});

test("an unknown host name", async () => {
  const http = new ProviderHttp({ baseUrl: "http://no-such-host.invalid/v1", apiKey: "" });
  const failure = await http.getJson("models", never).catch((error: unknown) => error);
  await http.close();
  expect(failure).toMatchObject({
    code: "provider_unavailable",
    provider: { message: expect.stringContaining("its name") },
  });
});

describe("aborting", () => {
  const reason = new Error("enough");
  const request = () => ({ origin: url, method: "GET", path: "/", headers: {} }) as const;
  const nothing = (): BodyReader<never> => ({
    chunk: () => undefined,
    end: () => {
      throw new Error("There was no end.");
    },
  });

  test("before the answer closes the socket", async () => {
    const asked = Promise.withResolvers<unknown>();
    onRequest = asked.resolve;
    const pool = new Pool(url);
    const abort = new AbortController();
    const answer = exchange(pool, request(), nothing, abort.signal);
    await asked.promise;
    abort.abort(reason);
    await expect(answer).rejects.toBe(reason);
    await closed(sockets[0]);
    await pool.destroy();
  });

  test("while it waits for a connection rejects at once, and it is never sent", async () => {
    let requests = 0;
    onRequest = () => requests++;
    const pool = new Pool(url, { connections: 1 });
    const first = new AbortController();
    const busy = exchange(pool, request(), nothing, first.signal);
    const second = new AbortController();
    const waiting = exchange(pool, request(), nothing, second.signal);
    await expect.poll(() => requests).toBe(1);
    second.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    first.abort(reason);
    await expect(busy).rejects.toBe(reason);
    await sleep(100);
    expect(requests).toBe(1);
    await pool.destroy();
  });

  test("leaves no listener behind on a signal that lives on", async () => {
    onRequest = (socket) => socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}");
    const { signal } = new AbortController();
    const http = new ProviderHttp({ baseUrl: `${url}/v1`, apiKey: "" });
    for (let i = 0; i < 3; i++) await http.getJson("models", signal);
    await http.close();
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });
});
