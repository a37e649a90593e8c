// Portkey's gateway as a measured program: run from PORTKEY_FOLDER, on PORT.
import { join } from "node:path";
import { pathToFileURL } from "node:url";

// On Node.js 24 it fails as it changes the headers of the upstream's response, which `fetch` makes immutable. It is
// given a copy of the response, whose headers can be changed.
const { fetch } = globalThis;
globalThis.fetch = async (...request) => {
  const { body, status, statusText, headers } = await fetch(...request);
  return new Response(body, { status, statusText, headers });
};

process.argv.push("--headless", `--port=${process.env.PORT}`);
const entry = "node_modules/@portkey-ai/gateway/build/start-server.js";
await import(pathToFileURL(join(process.env.PORTKEY_FOLDER ?? "", entry)).href);
console.log(JSON.stringify({ msg: "ready" }));
