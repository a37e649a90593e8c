// A provider that costs as little as possible: it sends prepared Chat Completions answers, and reports a token read for
// four bytes of the request, so that all servers that are compared estimate alike. The model's name selects an answer:
// `at-once` (50 tokens in one packet), `together` (2,000 in one packet), `paced` (50 tokens, 50 per second; options
// of `npm run load:provider` change both) and `open` (one token, then nothing for a minute).
import { createServer, type ServerResponse } from "node:http";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    port: { type: "string", default: process.env.PORT ?? "11435" },
    tokens: { type: "string", default: "50" },
    "tokens-per-second": { type: "string", default: "50" },
  },
});

const MODELS = ["at-once", "together", "paced", "open"];
const TOKENS = Number(values.tokens);
const PACE_MS = 1000 / Number(values["tokens-per-second"]);

const frame = (fields: object) =>
  `data: ${JSON.stringify({ id: "c", object: "chat.completion.chunk", created: 1, model: "m", ...fields })}\n\n`;
const token = frame({
  choices: [{ index: 0, delta: { role: "assistant", content: "word" }, finish_reason: null }],
});
const tail = (tokens: number, read: number) =>
  frame({ choices: [{ index: 0, delta: { content: "" }, finish_reason: "stop" }] }) +
  frame({
    choices: [],
    usage: { prompt_tokens: read, completion_tokens: tokens, total_tokens: read + tokens },
  }) +
  "data: [DONE]\n\n";
const AT_ONCE = token.repeat(50);
const TOGETHER = token.repeat(2000);

function answer(model: string, read: number, response: ServerResponse): void {
  response.writeHead(200, { "content-type": "text/event-stream" });
  if (model === "at-once") return void response.end(AT_ONCE + tail(50, read));
  if (model === "together") return void response.end(TOGETHER + tail(2000, read));
  response.write(token);
  let sent = 1;
  const timer = setInterval(
    () => {
      if (model === "open" || ++sent > TOKENS) {
        clearInterval(timer);
        response.end(tail(TOKENS, read));
      } else response.write(token);
    },
    model === "open" ? 60_000 : PACE_MS,
  );
  response.on("close", () => clearInterval(timer));
}

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    if (request.url === "/v1/chat/completions") {
      const body = Buffer.concat(chunks).toString();
      answer(/"model":"([^"]*)"/.exec(body)?.[1] ?? "", Math.ceil(body.length / 4), response);
    } else if (request.url === "/v1/models") {
      const data = MODELS.map((id) => ({ id, object: "model", created: 1, owned_by: "bench" }));
      response
        .writeHead(200, { "content-type": "application/json" })
        .end(JSON.stringify({ object: "list", data }));
    } else {
      response.writeHead(404).end();
    }
  });
});
server.keepAliveTimeout = 60_000;
server.listen(Number(values.port), "127.0.0.1", () => console.log(JSON.stringify({ msg: "ready" })));
