import { once } from "node:events";
import { connect, createServer } from "node:net";
import { startFakeOllama } from "../../../packages/server/test/fakes/ollama.ts";

const PORT = 11_434;

/**
 * A scripted Ollama on this machine, where a real one would be, listening for containers too.
 * @throws Error when something listens there already
 */
export async function startHostOllama() {
  const fake = await startFakeOllama();
  const target = Number(new URL(fake.url).port);
  const server = createServer((socket) => {
    const upstream = connect(target, "127.0.0.1");
    for (const side of [socket, upstream]) {
      side.on("error", () => {
        socket.destroy();
        upstream.destroy();
      });
    }
    socket.pipe(upstream).pipe(socket);
  });
  server.listen(PORT, "0.0.0.0");
  await once(server, "listening").catch(() => {
    throw new Error(`Port ${PORT} is in use, by an Ollama perhaps: end it while this test runs.`);
  });
  return {
    fake,
    close: async (): Promise<void> => {
      server.close();
      await fake.close();
    },
  };
}
