import type { Redis } from "./redis.ts";
import { withinDeadline } from "./within-deadline.ts";

/** All keys that match a pattern, each once or more. */
export async function* keysMatching(client: Redis["client"], pattern: string): AsyncGenerator<string> {
  let cursor = "0";
  do {
    const page = await withinDeadline(client.scan(cursor, { MATCH: pattern, COUNT: 1000 }));
    cursor = page.cursor;
    yield* page.keys;
  } while (cursor !== "0");
}
