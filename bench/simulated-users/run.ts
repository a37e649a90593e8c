// `npm run load`: simulated users on a running instance. With `--write` the tables become docs/results/load.md;
// docs/operate/sizing.md says how to read them.
import { setTimeout as sleep } from "node:timers/promises";
import { ResultPrinter } from "../../docs/results/result-page.ts";
import { createTerminal } from "../../packages/setup/base/terminal.mjs";
import { Figures, spread } from "./figures.ts";
import { Instance } from "./instance.ts";
import { listenerOf, redisOf, Watch } from "./machine.ts";
import { type LoadOptions, loadOptions, USAGE } from "./options.ts";
import { measured, runReport, sizingReport } from "./report.ts";
import { simulateUser } from "./simulated-user.ts";

const LOCAL = new Set(["127.0.0.1", "localhost", "[::1]"]);
const LATELY = 500;

async function load(options: LoadOptions, signal: AbortSignal): Promise<number> {
  const instance = new Instance(options);
  if (!(await instance.answers())) {
    await instance.close();
    console.error(`No instance answers at ${options.url.href}. Start it, or name it by --url.`);
    return 1;
  }
  const figures = new Figures();
  const users = new AbortController();
  // All users arrive within one pause; from then on their number is constant.
  const comeMs = options.thinkSeconds * 1000;
  const name = `load-${Date.now().toString(36)}`;
  const talking = Array.from({ length: options.users }, async (_, n) => {
    await sleep((n / options.users) * comeMs, undefined, { signal: users.signal }).catch(() => {});
    await simulateUser(`${name}-${n}`, { instance, options, figures, signal: users.signal });
  });
  const task = createTerminal({ stream: process.stderr }).task("Load");
  const pass = async (ms: number, what: string) => {
    const end = performance.now() + ms;
    task.watch(() => progressOf(figures, what, end - performance.now()));
    await sleep(ms, undefined, { signal }).catch(() => {});
  };

  await pass(comeMs, "users arrive");
  const listener = LOCAL.has(options.url.hostname) ? listenerOf(portOf(options.url)) : undefined;
  const watches = [Watch.of(listener), Watch.of(listener && redisOf(listener))];
  const own = process.cpuUsage();
  figures.reset();
  await pass(options.minutes * 60_000, "measuring");
  const held = figures.held();
  const [server, redis] = watches.map((watch) => watch?.spent());
  const { user, system } = process.cpuUsage(own);
  const ownCores = (user + system) / 1e6 / held.seconds;
  users.abort();
  await Promise.all(talking);
  task.drop();
  const stored = await instance.storedSession([...figures.sessions]);
  if (!options.keep) await instance.remove([...figures.sessions]);
  await instance.close();

  const run = { options, held, figures, server, redis, stored, ownCores };
  const basis = measured(run);
  const results = new ResultPrinter();
  results.print(runReport(run), "");
  if (["rate_limited", "too_many_streams"].some((code) => figures.errors.has(code)))
    results.print(
      "The instance's limits refused turns: raise LIMIT_… for such a run (docs/operate/security.md).",
      "",
    );
  results.print(
    basis
      ? sizingReport(basis)
      : "There is no forecast: it needs the server, its Redis and a session on this machine.",
  );
  results.save({
    name: "load",
    title: "Load: simulated users, and a forecast",
    script: "load",
    software: [],
  });
  return figures.failed > 0 ? 1 : 0;
}

function progressOf(figures: Figures, what: string, leftMs: number): string {
  const { turnMs, open, failed, firstTextMs } = figures;
  const lately = spread(firstTextMs.slice(-LATELY));
  return `${what}, ${Math.ceil(leftMs / 1000)} s left: ${turnMs.length} turns, ${open} being answered, ${failed} errors, first text ${lately} ms`;
}

const portOf = (url: URL): number => Number(url.port || (url.protocol === "https:" ? 443 : 80));

const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => stop.abort());
try {
  const options = loadOptions(process.argv.slice(2));
  if (options.help) console.log(USAGE);
  else process.exitCode = await load(options, stop.signal);
} catch (error) {
  console.error(`${(error as Error).message}\n\n${USAGE}`);
  process.exitCode = 1;
}
