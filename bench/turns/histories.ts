import type { PinnedProgram } from "../pinned.ts";
import { messageOf, textOf } from "../texts.ts";
import type { Product } from "./programs.ts";
import { CLIENTS } from "./requests.ts";

const TURNS = 1000;
const TURNS_PER_REQUEST = 50;
const IMAGE_BYTES = 32_768;

/** Gives each client a session of 1,000 turns. @param images how many of the first turns have an image */
export async function fillSessions(products: readonly Product[], name: string, images = 0): Promise<void> {
  const fill = async (server: PinnedProgram, client: number) => {
    const session = `${name}-${client}`;
    const turn = { mode: "stateful", provider: "ollama", model: "at-once", session_id: session };
    const turns = Array.from({ length: images }, (_, n) => ({
      ...turn,
      message: messageOf(client, n),
      attachments: [{ type: "image", name: "image.png", data: image(client * images + n) }],
    }));
    await postAll(server, "/chat", turns);
    await addMessages(server, session, TURNS - images);
  };
  for (const { server } of products)
    await Promise.all(Array.from({ length: CLIENTS }, (_, client) => fill(server, client)));
}

async function addMessages(server: PinnedProgram, session: string, turns: number): Promise<void> {
  const requests = messagesOf(turns).map((messages) => ({ messages }));
  await postAll(server, `/sessions/${session}/messages`, requests);
}

/** Returns the messages of so many turns, in pieces that can be stored at once. */
export function messagesOf(turns: number): { role: "user" | "assistant"; content: string }[][] {
  const all = Array.from({ length: turns }, (_, turn) => [
    { role: "user" as const, content: messageOf(0, turn) },
    { role: "assistant" as const, content: messageOf(1, turn) },
  ]);
  const pieces: (typeof all)[] = [];
  for (let from = 0; from < turns; from += TURNS_PER_REQUEST)
    pieces.push(all.slice(from, from + TURNS_PER_REQUEST));
  return pieces.map((piece) => piece.flat());
}

/** Returns Base64 of bytes that begin as a PNG of 512 × 512 pixels does. */
function image(seed: number): string {
  const data = Buffer.from(textOf(IMAGE_BYTES, seed));
  Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13]).copy(data);
  data.write("IHDR", 12, "latin1");
  data.writeUInt32BE(512, 16);
  data.writeUInt32BE(512, 20);
  return data.toString("base64");
}

/** Sends requests one after the other. */
export async function postAll(
  { url }: PinnedProgram,
  path: string,
  requests: readonly object[],
): Promise<void> {
  for (const body of requests) {
    const answer = await fetch(url + path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    await answer.arrayBuffer();
  }
}
