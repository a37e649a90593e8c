// `npm run test:docker`: the product in containers, on a real Docker engine, used as an operator would. The tests of a
// chapter build on each other; `-t Upgrades` runs one chapter.
import { afterAll, beforeAll, describe } from "vitest";
import { backups } from "./chapters/backups.ts";
import { data } from "./chapters/data.ts";
import { faults } from "./chapters/faults.ts";
import { hardening } from "./chapters/hardening.ts";
import { newerData } from "./chapters/newer-data.ts";
import { originalCommands } from "./chapters/original-commands.ts";
import { httpsOverlays, overlays } from "./chapters/overlays.ts";
import { page } from "./chapters/page.ts";
import { secretsAndBounds } from "./chapters/secrets-and-bounds.ts";
import { start } from "./chapters/start.ts";
import { startScript } from "./chapters/start-script.ts";
import { streams } from "./chapters/streams.ts";
import { troubles } from "./chapters/troubles.ts";
import { upgrades } from "./chapters/upgrades.ts";
import { startHostOllama } from "./host-ollama.ts";
import { Product } from "./product.ts";

const CHAPTERS = {
  Start: start,
  "The original's commands": originalCommands,
  Safety: hardening,
  nginx: page,
  "Streams through nginx": streams,
  Data: data,
  Faults: faults,
  Troubleshooting: troubles,
  "Newer data": newerData,
  Upgrades: upgrades,
  "Secrets and bounds": secretsAndBounds,
  Backups: backups,
  Overlays: overlays,
  HTTPS: httpsOverlays,
  "start.sh": startScript,
};

const product = new Product();
const MINUTE = 60_000;

beforeAll(async () => {
  await product.clone();
  const ollama = await startHostOllama();
  return () => ollama.close();
});
afterAll(() => product.remove(), 5 * MINUTE);

for (const [name, chapter] of Object.entries(CHAPTERS)) {
  describe(name, () => {
    // A chapter begins with the product as docker compose up leaves it, whatever the one before did to it.
    beforeAll(async () => {
      product.configure({});
      await product.up();
    }, 20 * MINUTE);
    chapter(product);
  });
}
