// Loaded into a measured program: passes commands of the inspector's protocol from pinned.ts on to the program.
import { Session } from "node:inspector/promises";

let session: Session | undefined;

process.on("message", async ({ id, method, params }: { id: number; method: string; params: object }) => {
  if (!session) {
    session = new Session();
    session.connect();
  }
  try {
    process.send?.({ id, result: await session.post(method, params) });
  } catch (error) {
    process.send?.({ id, error: String(error) });
  }
});
process.channel?.unref();
