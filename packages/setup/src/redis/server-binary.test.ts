import { expect, test } from "vitest";
import { createTerminal } from "../../base/terminal.mjs";
import { obtainServer, type Way } from "./server-binary.ts";

const BINARY = { path: "/x/valkey-server", name: "valkey-server 9.1.2" };
const never: Way = {
  doing: "",
  whyNot: async () => {
    throw new Error("one way too many");
  },
  obtain: async () => ({ binary: BINARY }),
};

async function obtain(...ways: Way[]) {
  const notes: string[] = [];
  const terminal = { ...createTerminal(), note: (_name: string, text: string) => void notes.push(text) };
  const { signal } = new AbortController();
  const outcome = await obtainServer({ terminal, signal }, "product", ways).catch(
    (error: Error) => error.message,
  );
  return { outcome, notes };
}

test("takes the first way that leads to a server, and says why each way before it did not", async () => {
  const { outcome, notes } = await obtain(
    { ...never, whyNot: async () => "none is on the PATH" },
    { ...never, whyNot: async () => undefined, obtain: async () => ({ reason: "pip reached no index" }) },
    { ...never, whyNot: async () => undefined },
    never,
  );
  expect(outcome).toBe(BINARY);
  expect(notes).toEqual(["none is on the PATH.", "pip reached no index."]);
});

test("where no way leads to one, it lists the reasons and names one command", async () => {
  const { outcome } = await obtain({ ...never, whyNot: async () => "redis-server is 5.0.7" });
  expect(outcome).toMatch(
    /^No Redis was found, and none can be fetched:\n {2}- redis-server is 5\.0\.7\n.*\nOr set REDIS_URL/,
  );
});
