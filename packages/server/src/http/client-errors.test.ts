import { connect } from "node:net";
import { problem } from "@redis-memory-magic/protocol";
import { expect, test } from "vitest";
import { startTestServer } from "../../test/test-server.ts";
import { within } from "../../test/within.ts";

test.each<[string, string, number, string]>([
  [
    "headers of 20 kB",
    `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${"x".repeat(20_000)}\r\n\r\n`,
    431,
    "headers_too_large",
  ],
  [
    "an address of 20 kB",
    `GET /${"x".repeat(20_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`,
    431,
    "headers_too_large",
  ],
  ["no HTTP at all", "Good morning\r\n\r\n", 400, "invalid_request"],
])("%s is answered with a problem, as everything is", async (_, bytes, status, code) => {
  const server = await startTestServer();
  const { port } = new URL(await server.listen());
  const answer = await within(
    5000,
    new Promise<string>((resolve, reject) => {
      let text = "";
      const socket = connect(Number(port), "127.0.0.1", () => socket.write(bytes));
      socket.on("data", (data) => {
        text += data;
      });
      socket.on("close", () => resolve(text));
      socket.on("error", reject);
    }),
  );
  const [head = "", body = ""] = answer.split("\r\n\r\n");
  expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} .*\r\nContent-Type: application/problem\\+json`));
  expect(problem.parse(JSON.parse(body))).toMatchObject({ status, code });
});

test("a path that cannot be decoded is a problem too", async () => {
  const server = await startTestServer();
  for (const path of ["/sessions/%ff", "/%", "/sessions/%c0%af/export"]) {
    const refused = await server.inject("GET", path);
    expect(refused.statusCode, path).toBe(400);
    expect(refused.headers["content-type"], path).toMatch(/^application\/problem\+json/);
    expect(refused.json(), path).toMatchObject({ code: "invalid_request", errors: [{ field: "path" }] });
  }
});

test.each([
  ["is much too large", `Content-Length: ${2 ** 40}`, ""],
  ["does not say its size", "Transfer-Encoding: chunked", "800000\r\n"],
])("the connection is closed after the answer to a body that %s", async (_, header, start) => {
  const server = await startTestServer();
  const { port } = new URL(await server.listen());
  const socket = connect(Number(port), "127.0.0.1");
  let text = "";
  socket.on("data", (data) => {
    text += data;
  });
  // The server may reset the connection while this still sends.
  socket.on("error", () => {});
  socket.write(
    "PATCH /sessions/large/settings HTTP/1.1\r\nHost: localhost\r\n" +
      `Content-Type: application/json\r\n${header}\r\n\r\n${start}`,
  );
  if (start !== "") socket.write("x".repeat(2 * 2 ** 20));
  await within(10_000, new Promise((resolve) => socket.once("close", resolve)));
  expect(text).toContain('"code":"body_too_large"');
  expect(text).toMatch(/^connection: close\r$/im);
});

test("a client that still sends a body that is too large receives the answer, and can use the connection again", async () => {
  const server = await startTestServer();
  const { port } = new URL(await server.listen());
  const bytes = 2 * 2 ** 20;
  const text = await within(
    10_000,
    new Promise<string>((resolve, reject) => {
      let text = "";
      const socket = connect(Number(port), "127.0.0.1", () =>
        socket.write(
          "PATCH /sessions/large/settings HTTP/1.1\r\nHost: localhost\r\n" +
            `Content-Type: application/json\r\nContent-Length: ${bytes}\r\n\r\n`,
        ),
      );
      socket.on("data", (data) => {
        const isFirst = text === "";
        text += data;
        if (isFirst)
          socket.write(
            `${"x".repeat(bytes)}GET /nothing HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`,
          );
      });
      socket.on("end", () => resolve(text));
      socket.on("error", reject);
    }),
  );
  expect(text.match(/"code":"\w+"/g)).toEqual(['"code":"body_too_large"', '"code":"not_found"']);
});
