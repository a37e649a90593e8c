// A provider that costs as little as possible: it sends prepared Chat Completions answers, and reports a token read for
// four bytes of the request, so that all servers that are compared estimate alike. The model's name selects an answer:
// `at-once` (50 tokens in one packet), `together` (2,000 in one packet), `tools` (a function call whose arguments are 50
// tokens, in one packet), `paced` (50 tokens, 50 per second; options of `npm run load:provider` change both) and `open`
// (one token, then nothing for ten minutes). A token has four bytes; the first is "word", by which clients know it.
import { createServer, type ServerResponse } from "node:http";
import { parseArgs } from "node:util";
import { textOf } from "./texts.ts";

const { values } = parseArgs({
  options: {
    port: { type: "string", default: process.env.PORT ?? "11435" },
    tokens: { type: "string", default: "50" },
    "tokens-per-second": { type: "string", default: "50" },
  },
});

const MODELS = ["at-once", "together", "tools", "paced", "open"];
const TOKENS = Number(values.tokens);
/** Longer than a busy machine takes to open all streams of a bench. */
const OPEN_MS = 10 * 60_000;
const PACE_MS = 1000 / Number(values["tokens-per-second"]);

const frame = (fields: object) =>
  `data: ${JSON.stringify({ id: "c", object: "chat.completion.chunk", created: 1, model: "m", ...fields })}\n\n`;
const delta = (fields: object) => frame({ choices: [{ index: 0, delta: fields, finish_reason: null }] });
const textOfTokens = (tokens: number) => `word${textOf(4 * (tokens - 1), tokens)}`;
/** The frames of so many tokens. */
const framesOf = (tokens: number, fieldsOf: (token: string) => object): string[] =>
  (textOfTokens(tokens).match(/.{4}/g) ?? []).map((token) => delta(fieldsOf(token)));
const framesOfText = (tokens: number) => framesOf(tokens, (content) => ({ role: "assistant", content }));
const tail = (tokens: number, read: number, reason = "stop") =>
  frame({ choices: [{ index: 0, delta: {}, finish_reason: reason }] }) +
  frame({
    choices: [],
    usage: { prompt_tokens: read, completion_tokens: tokens, total_tokens: read + tokens },
  }) +
  "data: [DONE]\n\n";
const AT_ONCE = framesOfText(50).join("");
const TOGETHER = framesOfText(2000).join("");
const call = (fields: object) => ({ tool_calls: [{ index: 0, ...fields }] });
const TOOL_CALL = [
  delta(call({ id: "call_1", type: "function", function: { name: "look_up", arguments: '{"query":"' } })),
  ...framesOf(50, (token) => call({ function: { arguments: token } })),
  delta(call({ function: { arguments: '"}' } })),
].join("");
const PACED = framesOfText(TOKENS);

function answer(model: string, read: number, response: ServerResponse): void {
  response.writeHead(200, { "content-type": "text/event-stream" });
  if (model === "at-once") return void response.end(AT_ONCE + tail(50, read));
  if (model === "together") return void response.end(TOGETHER + tail(2000, read));
  if (model === "tools") return void response.end(TOOL_CALL + tail(52, read, "tool_calls"));
  response.write(PACED[0]);
  let sent = 1;
  const timer = setInterval(
    () => {
      if (model === "open" || sent >= TOKENS) {
        clearInterval(timer);
        response.end(tail(TOKENS, read));
      } else response.write(PACED[sent++]);
    },
    model === "open" ? OPEN_MS : PACE_MS,
  );
  response.on("close", () => clearInterval(timer));
}

/** The answer to a request without `stream`, in one piece. */
function answerWhole(read: number, response: ServerResponse): void {
  const message = { role: "assistant", content: textOfTokens(50) };
  const usage = { prompt_tokens: read, completion_tokens: 50, total_tokens: read + 50 };
  const choices = [{ index: 0, message, finish_reason: "stop" }];
  response
    .writeHead(200, { "content-type": "application/json" })
    .end(JSON.stringify({ id: "c", object: "chat.completion", created: 1, model: "m", choices, usage }));
}

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    if (request.url === "/v1/chat/completions") {
      const body = Buffer.concat(chunks).toString();
      const read = Math.ceil(body.length / 4);
      if (body.includes('"stream":true')) answer(/"model":"([^"]*)"/.exec(body)?.[1] ?? "", read, response);
      else answerWhole(read, response);
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
