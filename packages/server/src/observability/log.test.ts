import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { startTestServer } from "../../test/test-server.ts";

const SAID = "the words that nobody logs";

test("each line that belongs to a request has its id, that of a turn the turn's too, and none has content", async () => {
  const server = await startTestServer();
  const base = await server.listen();
  const ask = (body: object, id: string) =>
    fetch(`${base}/chat`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-request-id": id },
      body: JSON.stringify({ message: SAID, mode: "stateful", ...body }),
    });
  const answers = await Promise.all([
    ask({ provider: "chatgpt", session_id: "a" }, "of-the-proxy-1"),
    ask({ provider: "ollama", session_id: "b" }, "of-the-proxy-2"),
  ]);
  const turns = await Promise.all(
    answers.map(async (answer) => ((await answer.json()) as { turn_id: string }).turn_id),
  );
  await ask({ provider: "mirror", session_id: "a", retry_of: "0000000000000000" }, "of-the-proxy-3");
  await fetch(`${base}/sessions/nobodys`, { headers: { "x-request-id": "of-the-proxy-4" } });

  const lines = server.lines.map((line) => JSON.parse(line));
  const ofTurns = lines.filter(({ turn_id }) => turn_id !== undefined);
  expect(ofTurns.map(({ request_id, turn_id, provider }) => [request_id, turn_id, provider]).sort()).toEqual([
    ["of-the-proxy-1", turns[0], "chatgpt"],
    ["of-the-proxy-2", turns[1], "ollama"],
  ]);
  expect(lines.find(({ event }) => event === "unknown_session")).toMatchObject({
    request_id: "of-the-proxy-4",
  });
  expect(server.lines.join("")).not.toContain(SAID);
});

test.each([
  ["when the process exits", "process.exit()"],
  ["after a fatal one, even if the process is killed", 'process.kill(process.pid, "SIGKILL")'],
])("the last lines are written %s", (_, end) => {
  const script = `
    import { createLog } from ${JSON.stringify(new URL("log.ts", import.meta.url))};
    const log = createLog("info");
    log.info("one");
    log.fatal("two");
    ${end};`;
  const { stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
    encoding: "utf8",
    timeout: 30_000,
  });
  const messages = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line).msg);
  expect(messages).toEqual(["one", "two"]);
});

test("logs a request's id, and does not take over one that is not a plain word", async () => {
  const server = await startTestServer();
  const idOf = async (given: string) =>
    (await server.inject("GET", "/", undefined, { "x-request-id": given })).headers["x-request-id"];
  expect(await idOf("0123456789abcdef")).toBe("0123456789abcdef");
  for (const given of ["short", 'a"b","c":"d', "x".repeat(65)]) {
    expect(await idOf(given)).toMatch(/^[0-9a-f-]{36}$/);
  }
});
