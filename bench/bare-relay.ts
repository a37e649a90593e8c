// The least that relaying can cost: a Fastify route that calls the same upstream through undici and reads its
// events, without validation or memory. `POST /chat` answers with JSON, `POST /stream` with events.
import { createParser } from "eventsource-parser";
import Fastify from "fastify";
import { Pool } from "undici";

interface Chunk {
  readonly choices: readonly { readonly delta: { readonly content?: string } }[];
}

const upstream = new Pool(process.env.UPSTREAM ?? "");
const app = Fastify();

async function ask(model: string, message: string, onText: (text: string) => void): Promise<void> {
  const { body } = await upstream.request({
    method: "POST",
    path: "/v1/chat/completions",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model, messages: [{ role: "user", content: message }], stream: true }),
  });
  const parser = createParser({
    onEvent: ({ data }) => {
      const text = data === "[DONE]" ? "" : (JSON.parse(data) as Chunk).choices[0]?.delta.content;
      if (text) onText(text);
    },
  });
  const decoder = new TextDecoder();
  for await (const chunk of body) parser.feed(decoder.decode(chunk as Buffer, { stream: true }));
}

app.post<{ Body: { model: string; message: string } }>("/chat", async ({ body }) => {
  let response = "";
  await ask(body.model, body.message, (text) => {
    response += text;
  });
  return { response };
});

app.post<{ Body: { model: string; message: string } }>("/stream", async ({ body }, reply) => {
  reply.hijack();
  reply.raw.writeHead(200, { "content-type": "text/event-stream" });
  await ask(body.model, body.message, (text) => {
    reply.raw.write(`event: text-delta\ndata: ${JSON.stringify({ text })}\n\n`);
  });
  reply.raw.end();
});

await app.listen({ host: "127.0.0.1", port: Number(process.env.PORT) });
console.log(JSON.stringify({ msg: "ready" }));
