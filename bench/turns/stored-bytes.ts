import { postAll } from "./histories.ts";
import type { Programs } from "./programs.ts";
import { chat } from "./requests.ts";
import type { TurnTable } from "./table.ts";

/** Prints what a turn takes in Redis. */
export async function storedBytesRows({ products }: Programs, table: TurnTable): Promise<void> {
  for (const turns of [10, 1000]) {
    const ask = chat("stateful", "at-once", () => `bytes-${turns}`);
    const found = new Map<string, number>();
    for (const { title, server, redis } of products) {
      await postAll(
        server,
        "/chat",
        Array.from({ length: turns }, (_, turn) => ask(0, turn).body),
      );
      let bytes = 0;
      for (const key of await redis.keys(`chat_history:{bytes-${turns}}:*`))
        bytes += (await redis.memoryUsage(key, { SAMPLES: 0 })) ?? 0;
      found.set(title, bytes / turns);
    }
    table.row(
      `bytes in Redis of a turn (two messages of 200 bytes and its record), after ${turns} turns`,
      found,
    );
  }
}
