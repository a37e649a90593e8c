// The bare relay's `POST /stream`, but through the AI SDK's `streamText`.
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { streamText } from "ai";
import Fastify from "fastify";

const upstream = createOpenAICompatible({ name: "upstream", baseURL: `${process.env.UPSTREAM}/v1` });
const app = Fastify();

app.post<{ Body: { model: string; message: string } }>("/stream", async ({ body }, reply) => {
  reply.hijack();
  reply.raw.writeHead(200, { "content-type": "text/event-stream" });
  const { textStream } = streamText({ model: upstream(body.model), prompt: body.message });
  for await (const text of textStream) {
    reply.raw.write(`event: text-delta\ndata: ${JSON.stringify({ text })}\n\n`);
  }
  reply.raw.end();
});

await app.listen({ host: "127.0.0.1", port: Number(process.env.PORT) });
console.log(JSON.stringify({ msg: "ready" }));
