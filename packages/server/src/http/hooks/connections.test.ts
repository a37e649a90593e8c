import { once } from "node:events";
import { connect } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { startTestServer } from "../../../test/test-server.ts";
import { within } from "../../../test/within.ts";

async function start(env: Record<string, string>) {
  const server = await startTestServer({ env: { MAX_CONNECTIONS: "30", ...env } });
  const { port } = new URL(await server.listen());
  /** Opens a connection that sends nothing. Resolves with whether it stays open. */
  const open = async () => {
    const socket = connect(Number(port), "127.0.0.1");
    onTestFinished(() => void socket.destroy());
    const closed = once(socket.resume(), "close").then(() => "closed" as const);
    await once(socket, "connect");
    return { socket, closed };
  };
  /** Another connection is answered after all that came before it. */
  const ask = async () => {
    const { socket, closed } = await open();
    socket.write("GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n");
    return within(
      5000,
      Promise.race([closed, once(socket, "data").then(([data]) => String(data).slice(9, 12))]),
    );
  };
  return { open, ask, lines: server.lines };
}

test("an address has a tenth of the connections, however little it says on them", async () => {
  const { open, ask, lines } = await start({ AUTH: "keys" });
  const idle = [await open(), await open(), await open()];
  for (let n = 0; n < 2; n++) expect(await ask()).toBe("closed");
  expect(lines.filter((line) => line.includes('"policy":"address-connections","quota":3'))).toHaveLength(1);
  idle[0]?.socket.destroy();
  await expect.poll(ask).toBe("200");
});

test.each([
  ["a proxy that is trusted stands for many addresses", { AUTH: "keys", TRUSTED_PROXIES: "loopback" }],
  ["without authentication it is this machine's own", { AUTH: "none" }],
])("%s", async (_, env) => {
  const { open, ask } = await start(env);
  for (let n = 0; n < 10; n++) await open();
  expect(await ask()).toBe("200");
});
