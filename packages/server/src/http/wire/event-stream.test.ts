import Fastify from "fastify";
import { expect, test } from "vitest";
import { sendEvents } from "./event-stream.ts";

test("a request's body is not kept while its events are sent", async () => {
  const app = Fastify();
  let body: unknown = "not seen";
  app.post("/", (request, reply) =>
    sendEvents(reply, { streamOpened: () => () => {} }, "turn_1", async (stream) => {
      stream.begun();
      body = request.body;
    }),
  );
  const answer = await app.inject({ method: "POST", url: "/", payload: { message: "Hi" } });
  expect(answer.headers["content-type"]).toBe("text/event-stream; charset=utf-8");
  expect(body).toBeUndefined();
});
