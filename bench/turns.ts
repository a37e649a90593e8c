// `npm run bench:turns`: what a turn costs, compared with a bare relay of the same upstream in the same run. The server and
// the bare relay have a core for themselves; the load, the upstream and Redis share another. With `--write` the
// table becomes docs/results/turns.md.
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { createClient } from "@redis/client";
import { ResultPrinter } from "../docs/results/result-page.ts";
import { freePort } from "../packages/memory/test/free-port.ts";
import { RedisProcess } from "../packages/server/test/faults/redis-process.ts";
import {
  type Ask,
  openStreams,
  percentile,
  type Streamed,
  stream,
  wholeTurns as wholeTurnsOf,
} from "./load.ts";
import { canPin, PinnedProgram, pinSelf } from "./pinned.ts";

const CLIENTS = 16;
const MEASURE_MS = 4000;
// A 99th percentile needs many streams, and each takes a second.
const FIRST_TEXT_MS = 12_000;
const WINDOW_TOKENS = 2048;
const MESSAGE = "x".repeat(200);
const OPEN_STREAMS = 2000;

const file = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const results = new ResultPrinter();
const { print } = results;
const printRow = (what: string, here: string, bare = "–", sdk = "–"): void =>
  print(`| ${what} | ${here} | ${bare} | ${sdk} |`);
const fixed = (value: number, digits = 1): string => value.toFixed(digits);

pinSelf(1);
// Without an append-only file: the server is measured, not a disk.
const redis = await RedisProcess.start({ args: ["--appendonly", "no"] });
const upstream = await PinnedProgram.start(1, file("upstream.ts"), await freePort(), {});
const startServer = async () =>
  PinnedProgram.start(0, file("../packages/server/src/main.ts"), await freePort(), {
    REDIS_URL: redis.url,
    OLLAMA_BASE_URL: `${upstream.url}/v1`,
    OLLAMA_MODEL: "at-once",
    EMBEDDED_MODEL: "none",
    WEB_PORT: `${await freePort()}`,
    LOG_LEVEL: "info",
  });
const startRelay = async (program: string) =>
  PinnedProgram.start(0, file(program), await freePort(), { UPSTREAM: upstream.url });
const server = await startServer();
const bare = await startRelay("bare-relay.ts");
const client = createClient({ url: redis.url });
await client.connect();

/** Returns the request of a turn of this product. Each client has its own sessions. */
const chat =
  (mode: "stateless" | "stateful", model: string, session: (client: number, turn: number) => string): Ask =>
  (n, turn) => ({
    path: "/chat",
    body: {
      message: MESSAGE,
      mode,
      provider: "ollama",
      model,
      context_tokens: WINDOW_TOKENS,
      session_id: session(n, turn),
    },
  });
const relayed =
  (path: string, model: string): Ask =>
  () => ({ path, body: { model, message: MESSAGE } });

try {
  const version = /(?:redis|valkey)_version:(\S+)/.exec(await client.info("server"))?.[1];
  if (!canPin) print("There is no taskset here: nothing has a core of its own.", "");
  print("| what | this server | bare relay | relay through the AI SDK |");
  print("|---|--:|--:|--:|");
  await wholeTurns();
  await cpuOfATokens();
  await firstText();
  await memoryOfAStream();
  await bytesInRedis();
  results.save({
    name: "turns",
    title: "Turns: CPU, latency and memory",
    script: "bench:turns",
    software: [`Redis ${version}`],
  });
} finally {
  client.destroy();
  await Promise.all([server, bare, upstream].map((program) => program.stop()));
  await redis.stop();
}

async function wholeTurns(): Promise<void> {
  const measure = async (ask: Ask, program = server) => {
    const before = program.cpuSeconds();
    const { turns, seconds } = await wholeTurnsOf(program.url, CLIENTS, MEASURE_MS, ask);
    return { perSecond: turns / seconds, cpuMicroseconds: ((program.cpuSeconds() - before) * 1e6) / turns };
  };
  // Warms up both programs: their code is compiled before the measurement.
  await measure(chat("stateful", "at-once", (n, turn) => `warm-${n}-${Math.floor(turn / 10)}`));
  await measure(chat("stateless", "at-once", (n, turn) => `warm-${n}-${Math.floor(turn / 10)}`));
  await measure(relayed("/chat", "at-once"), bare);
  const relay = await measure(relayed("/chat", "at-once"), bare);
  const stateless = await measure(
    chat("stateless", "at-once", (n, turn) => `stateless-${n}-${Math.floor(turn / 20)}`),
  );
  const young = await measure(
    chat("stateful", "at-once", (n, turn) => `young-${n}-${Math.floor(turn / 20)}`),
  );
  await Promise.all(Array.from({ length: CLIENTS }, (_, n) => fillHistory(`old-${n}`, 1000)));
  const old = await measure(chat("stateful", "at-once", (n) => `old-${n}`));
  const row = (what: string, { perSecond, cpuMicroseconds }: typeof relay) => {
    printRow(`whole turns per second, ${what}`, fixed(perSecond, 0), fixed(relay.perSecond, 0));
    printRow("CPU of such a turn, µs", fixed(cpuMicroseconds, 0), fixed(relay.cpuMicroseconds, 0));
  };
  row("stateless", stateless);
  row("stateful, turns 1–20 (10 on average)", young);
  row("stateful, from turn 1,000 on", old);
}

/** Fills a session with the messages of `turns` turns. */
async function fillHistory(session: string, turns: number): Promise<void> {
  const turn = [
    { role: "user", content: MESSAGE },
    { role: "assistant", content: "word".repeat(50) },
  ];
  for (let left = turns; left > 0; left -= 50) {
    const messages = Array.from({ length: Math.min(left, 50) }, () => turn).flat();
    await post(`/sessions/${session}/messages`, { messages });
  }
}

async function post(path: string, body: object): Promise<void> {
  const answer = await fetch(server.url + path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  if (answer.status !== 200) throw new Error(await answer.text());
  await answer.arrayBuffer();
}

async function cpuOfATokens(): Promise<void> {
  const microseconds = async (program: PinnedProgram, tokens: number, work: () => Promise<Streamed>) => {
    const before = program.cpuSeconds();
    const { streams } = await work();
    return fixed(((program.cpuSeconds() - before) * 1e6) / (streams * tokens));
  };
  const here = chat("stateless", "together", (n, turn) => `together-${n}-${turn}`);
  const paced = chat("stateless", "paced", (n, turn) => `paced-${n}-${turn}`);
  const sdk = await startRelay("ai-sdk-relay.ts");
  const row = async (what: string, tokens: number, streams: number, ask: Ask, model: string) => {
    const measure = async (program: PinnedProgram, asked: Ask) => {
      // Warms up the program.
      await stream(program.url, streams, MEASURE_MS / 4, asked);
      return microseconds(program, tokens, () => stream(program.url, streams, MEASURE_MS, asked));
    };
    const relays = relayed("/stream", model);
    printRow(
      `CPU of a relayed token, ${what}, µs`,
      await measure(server, ask),
      await measure(bare, relays),
      await measure(sdk, relays),
    );
  };
  await row("2,000 arriving together", 2000, 4, here, "together");
  await row("32 streams of 50 per second", 50, 32, paced, "paced");
  await sdk.stop();
}

async function firstText(): Promise<void> {
  for (const streams of [32, 256]) {
    const direct = await stream(upstream.url, streams, FIRST_TEXT_MS, () => ({
      path: "/v1/chat/completions",
      body: { model: "paced" },
    }));
    const ask = chat("stateful", "paced", (n, turn) => `first-${streams}-${n}-${turn}`);
    const here = await stream(server.url, streams, FIRST_TEXT_MS, ask);
    const relay = await stream(bare.url, streams, FIRST_TEXT_MS, relayed("/stream", "paced"));
    const added = ({ firstTextMs }: Streamed) =>
      [0.5, 0.99]
        .map((share) => fixed(percentile(firstTextMs, share) - percentile(direct.firstTextMs, share)))
        .join(" / ");
    printRow(`time to first text added at ${streams} streams, ms, median / p99`, added(here), added(relay));
  }
}

/** Uses new processes: an older one would reuse memory that it has already. */
async function memoryOfAStream(): Promise<void> {
  const kilobytes = async (program: PinnedProgram, ask: Ask) => {
    try {
      // One answer before the measurement: the code that it loads and compiles is not part of a stream.
      const close = [await openStreams(program.url, 1, () => ask(OPEN_STREAMS, 0))];
      const before = { resident: program.residentBytes(), live: await program.liveBytes() };
      close.push(await openStreams(program.url, OPEN_STREAMS, ask));
      await sleep(1000);
      const resident = program.residentBytes() - before.resident;
      const live = (await program.liveBytes()) - before.live;
      for (const one of close) await one();
      return { resident: fixed(resident / OPEN_STREAMS / 1000), live: fixed(live / OPEN_STREAMS / 1000) };
    } finally {
      await program.stop();
    }
  };
  const here = await kilobytes(
    await startServer(),
    chat("stateless", "open", (n) => `open-${n}`),
  );
  const relay = await kilobytes(await startRelay("bare-relay.ts"), relayed("/stream", "open"));
  const what = `memory of an open stream, ${OPEN_STREAMS} of them, kB`;
  printRow(`${what}: resident, with garbage and free heap`, here.resident, relay.resident);
  printRow(`${what}: in use`, here.live, relay.live);
}

async function bytesInRedis(): Promise<void> {
  for (const turns of [10, 1000]) {
    const ask = chat("stateful", "at-once", () => `bytes-${turns}`);
    for (let turn = 0; turn < turns; turn++) {
      const { path, body } = ask(0, turn);
      await post(path, body);
    }
    let bytes = 0;
    for (const key of await client.keys(`chat_history:{bytes-${turns}}:*`))
      bytes += (await client.memoryUsage(key, { SAMPLES: 0 })) ?? 0;
    const what = "bytes in Redis of a turn (two messages of 200 bytes and its record)";
    printRow(`${what}, after ${turns} turns`, fixed(bytes / turns, 0));
  }
}
