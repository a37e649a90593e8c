import { createServer } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { askRedis, NotRedis, parseReplies, RedisError } from "./resp.mjs";

describe("parseReplies", () => {
  test("every kind of reply", () => {
    const text = "+OK\r\n-ERR no\r\n:42\r\n$5\r\nh\r\nlo\r\n$-1\r\n*2\r\n$1\r\na\r\n*1\r\n:1\r\n$0\r\n\r\n";
    expect(parseReplies(Buffer.from(text))).toEqual([
      "OK",
      new RedisError("ERR no"),
      42,
      "h\r\nlo",
      null,
      ["a", [1]],
      "",
    ]);
  });

  test("what is not whole yet is left for later, wherever it is cut", () => {
    const bytes = Buffer.from("+PONG\r\n*2\r\n$3\r\ndir\r\n$2\r\n/d\r\n");
    for (let end = 0; end < bytes.length; end++) {
      expect(parseReplies(bytes.subarray(0, end))).toEqual(end < 7 ? [] : ["PONG"]);
    }
    expect(parseReplies(bytes)).toEqual(["PONG", ["dir", "/d"]]);
  });

  test.each(["HTTP/1.1 400 Bad Request\r\n", "$many\r\n", "\0"])("%j is no Redis", (text) => {
    expect(() => parseReplies(Buffer.from(text))).toThrow(NotRedis);
  });
});

/** @param {(socket: import("node:net").Socket) => void} onConnection */
async function listen(onConnection) {
  const server = createServer(onConnection);
  await new Promise((done) => server.listen(0, "127.0.0.1", () => done(undefined)));
  onTestFinished(() => {
    server.close();
  });
  const address = server.address();
  return { host: "127.0.0.1", port: typeof address === "object" && address ? address.port : 0 };
}

describe("askRedis ends", () => {
  test("at its deadline, when nothing is answered", async () => {
    const target = await listen(() => {});
    await expect(askRedis(target, [["PING"]], 100)).rejects.toThrow("no answer within 0.1 s");
  });

  test("when the connection is closed in mid-answer", async () => {
    const target = await listen((socket) => socket.end("+PO"));
    await expect(askRedis(target, [["PING"]], 5_000)).rejects.toThrow("the connection was closed");
  });

  test("when the answer is somebody else's", async () => {
    const target = await listen((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
    await expect(askRedis(target, [["PING"]], 5_000)).rejects.toThrow(NotRedis);
  });
});
