// A process that writes until it is killed, and prints a dot for each acknowledged batch. Its arguments: the URL of
// Redis, the name of the history.
import { createClient } from "@redis/client";
import { MessageHistory } from "../../src/index.ts";
import { batch } from "./batches.ts";

const [url = "", name = ""] = process.argv.slice(2);
const client = createClient({ url });
client.on("error", () => {});
await client.connect();
const history = new MessageHistory({ client, name });

const write = async (caller: number): Promise<void> => {
  for (let n = 0; ; n++) {
    const session = `s${caller}-${n % 50}`;
    // A large batch is sent in several packets, so that the process may be killed between two of them.
    await history.addMessages(session, batch(`${process.pid}/${n}`, n % 3 === 0 ? 200_000 : 20));
    process.stdout.write(".");
    if (n % 7 === 0) await history.expire(session, 600 + (n % 100));
    if (n % 11 === 0) await history.clear(session);
  }
};
await Promise.all(Array.from({ length: 4 }, (_, caller) => write(caller)));
