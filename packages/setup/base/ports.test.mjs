import { createServer } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { checkPorts, freePort } from "./ports.mjs";

/** @param {string} host */
async function occupied(host) {
  const server = createServer();
  await new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, host, () => resolve(undefined));
  });
  onTestFinished(() => {
    server.close();
  });
  const address = server.address();
  return `${typeof address === "object" && address?.port}`;
}

test("free ports pass", async () => {
  // Ports that no system gives to a program that asks for any: they stay free.
  const ports = { PORT: `${await freePort(23_000)}`, WEB_PORT: `${await freePort(24_000)}` };
  await expect(checkPorts(ports)).resolves.toBeUndefined();
});

test("each port in use is named, with who uses it and another one", async () => {
  const [PORT, WEB_PORT] = [await occupied("127.0.0.1"), await occupied("0.0.0.0")];
  const checking = checkPorts({ PORT, WEB_PORT }, "linux");
  await expect(checking).rejects.toThrow(`Port ${PORT}, for the API, is in use by `);
  await expect(checking).rejects.toThrow(`(process ${process.pid}). Stop that, or run PORT=`);
  await expect(checking).rejects.toThrow(`Port ${WEB_PORT}, for the page, is in use by `);
  await expect(checkPorts({ PORT, WEB_PORT }, "win32")).rejects.toThrow(/or write PORT=\d+ into \.env\./);
});

test("one port for both is said", async () => {
  await expect(checkPorts({ PORT: "3000" })).rejects.toThrow("PORT and WEB_PORT are both 3000.");
});

test("a program on the other loopback address would be found in our place", async (context) => {
  const port = await occupied("::1").catch(() => context.skip("this machine has no IPv6"));
  await expect(checkPorts({ PORT: port, WEB_PORT: `${await freePort()}` })).rejects.toThrow(`Port ${port}`);
});

test("an address that is not this machine's is said", async () => {
  const checking = checkPorts({
    HOST: "192.0.2.1",
    PORT: `${await freePort()}`,
    WEB_PORT: `${await freePort()}`,
  });
  await expect(checking).rejects.toThrow("Correct HOST or PORT.");
});

test("what is no port is left to the server, which names all mistakes at once", async () => {
  await expect(checkPorts({ PORT: "many", WEB_PORT: "70000" })).resolves.toBeUndefined();
});
