// `npm run test:docker`: the product in containers, on a real Docker engine, walked through as a user would.
import { data } from "./chapters/data.ts";
import { faults } from "./chapters/faults.ts";
import { hardening } from "./chapters/hardening.ts";
import { originalCommands } from "./chapters/original-commands.ts";
import { overlays } from "./chapters/overlays.ts";
import { page } from "./chapters/page.ts";
import { start } from "./chapters/start.ts";
import { startScript } from "./chapters/start-script.ts";
import { streams } from "./chapters/streams.ts";
import { troubles } from "./chapters/troubles.ts";
import { startHostOllama } from "./host-ollama.ts";
import { Product } from "./product.ts";
import { Report } from "./report.ts";

const CHAPTERS = {
  originalCommands,
  hardening,
  page,
  streams,
  data,
  faults,
  troubles,
  overlays,
  startScript,
};

/** The names of chapters to walk behind the first, when it need not be all of them. */
const chosen = process.argv.slice(2);

async function main(): Promise<boolean> {
  const report = new Report();
  const product = await Product.checkOut();
  // Stopped by hand, it leaves nothing behind either.
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => void product.remove().finally(() => process.exit(130)));
  }
  const versions = await product.versions();
  console.log(versions);
  const ollama = await startHostOllama();
  try {
    await start(product, report);
    for (const [name, chapter] of Object.entries(CHAPTERS)) {
      if (chosen.length > 0 && !chosen.includes(name)) continue;
      // A chapter whose beginning fails does not keep the others from being walked.
      await chapter(product, report).catch((error) =>
        report.check("the chapter", () => Promise.reject(error)),
      );
    }
  } finally {
    await ollama.close();
    await product.remove();
  }
  console.log(`\n${report.table()}\n\n${versions}: ${report.summary()}`);
  return report.failed === 0;
}

main().then(
  (passed) => process.exit(passed ? 0 : 1),
  (error) => {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  },
);
