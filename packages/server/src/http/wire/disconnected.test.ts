import { once } from "node:events";
import { type AddressInfo, connect } from "node:net";
import fastify from "fastify";
import { expect, onTestFinished, test } from "vitest";
import { disconnected } from "./disconnected.ts";

test("the signal is aborted for a client that disconnected before the handler ran", async () => {
  const app = fastify();
  onTestFinished(() => app.close());
  const { promise: handled, resolve } = Promise.withResolvers<boolean>();
  app.get(
    "/",
    {
      preHandler: async (_, reply) => {
        socket.destroy();
        await once(reply.raw, "close");
      },
    },
    async (_, reply) => {
      resolve(disconnected(reply).aborted);
      return reply.hijack();
    },
  );
  await app.listen({ host: "127.0.0.1", port: 0 });
  const socket = connect((app.server.address() as AddressInfo).port, "127.0.0.1");
  socket.write("GET / HTTP/1.1\r\nhost: localhost\r\n\r\n");
  expect(await handled).toBe(true);
});
