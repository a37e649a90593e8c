import { onTestFinished } from "vitest";
import { newClient } from "../../memory/test/new-client.ts";
import type { TestServer } from "./test-server.ts";

/**
 * Returns a function that also says which commands the server sent to Redis meanwhile: each with its script and the
 * number of its keys, without its ids. Equal commands take equal time.
 */
export async function watchCommands({ name, command }: TestServer) {
  const monitor = newClient({ url: process.env.TEST_REDIS_URL ?? "" });
  monitor.on("error", () => {});
  await monitor.connect();
  onTestFinished(() => monitor.destroy());
  const lines: string[] = [];
  let seen: () => void = () => {};
  await monitor.monitor((line) => {
    if (line.includes(`"${name} mark"`)) seen();
    // Whether a key is valid is asked again from time to time.
    else if (line.includes(`"${name}:`) && !line.includes(`"${name}:api_key:`)) lines.push(line);
  });
  /** Returns the commands up to now. */
  const taken = async (): Promise<string[]> => {
    const marked = new Promise<void>((resolve) => {
      seen = resolve;
    });
    await command("ECHO", `${name} mark`);
    await marked;
    return lines.splice(0).map((line) => {
      const [verb = "", ...rest] = [...line.matchAll(/"([^"]*)"/g)].map(([, part = ""]) => part);
      return /^eval/i.test(verb) ? [verb, ...rest.slice(0, 2)].join(" ") : verb;
    });
  };
  return async <Result>(work: () => Promise<Result>): Promise<[Result, string[]]> => {
    await taken();
    const result = await work();
    return [result, await taken()];
  };
}
