import { once } from "node:events";
import { connect, createServer } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { lookupHost } from "./lookup-host.mjs";

/** @param {string} hostname @returns {Promise<string[]>} */
const addressesOf = (hostname) =>
  new Promise((resolve, reject) => {
    lookupHost(hostname, { all: true }, (error, found) => {
      if (error) reject(error);
      else resolve([found].flat().map((one) => (typeof one === "string" ? one : one.address)));
    });
  });

test("localhost is both loopback addresses, each once", async () => {
  expect((await addressesOf("localhost")).sort()).toEqual(["127.0.0.1", "::1"]);
});

test("another name is what the system knows", async () => {
  expect(await addressesOf("127.0.0.2")).toEqual(["127.0.0.2"]);
  await expect(addressesOf("nowhere.invalid")).rejects.toThrow("nowhere.invalid");
});

test("reaches a server on localhost that listens on IPv4 only", async () => {
  const server = createServer((socket) => socket.end());
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const address = /** @type {import("node:net").AddressInfo} */ (server.address());
  const socket = connect({ host: "localhost", port: address.port, lookup: lookupHost });
  await once(socket, "connect");
  socket.destroy();
});
