// A process whose model hangs while it sums up the session "s". Prints a dot when the model is asked. Its arguments: the
// URL of Redis, the name of the history, the id of the first item that is not summed up.
import { createClient } from "@redis/client";
import { MessageHistory } from "../src/index.ts";

const [url = "", name = "", before = ""] = process.argv.slice(2);
const client = createClient({ url });
client.on("error", () => {});
await client.connect();
const write = (): Promise<string> => {
  process.stdout.write(".");
  return new Promise(() => {});
};
await new MessageHistory({ client, name }).summarize("s", { before, summarizer: { model: "hangs", write } });
