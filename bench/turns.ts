// `npm run bench:turns`: what a turn costs, compared with a bare relay of the same upstream in the same run. The
// server and the bare relay have a core for themselves; the load, the upstream and Redis share another. With
// `--beside COMMIT` the server of another commit is measured too, with `--write` the table becomes
// docs/results/performance.md.
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
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
import { checkOutOtherCommit } from "./other-commit.ts";
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
/** @param servers a cell for each server */
function printRow(
  what: string,
  servers: readonly string[],
  { toReach = "", bare = "–", sdk = "–" }: { toReach?: string; bare?: string; sdk?: string } = {},
): void {
  print(`| ${[what, toReach, ...servers, bare, sdk].join(" | ")} |`);
}
const fixed = (value: number, digits = 1): string => (Number.isNaN(value) ? "–" : value.toFixed(digits));

interface Product {
  readonly title: string;
  /** True for the server of another commit. */
  readonly isOther: boolean;
  readonly redis: Awaited<ReturnType<typeof connectTo>>;
  readonly server: PinnedProgram;
  /** Starts another server on the same Redis. */
  startServer(): Promise<PinnedProgram>;
  stop(): Promise<void>;
}

const connectTo = (url: string) => createClient({ url }).connect();

/** Starts a server from a folder with sources, on a Redis of its own. */
async function startProduct(title: string, root: string, isOther = false): Promise<Product> {
  // Without an append-only file: the server is measured, not a disk.
  const process = await RedisProcess.start({ args: ["--appendonly", "no"] });
  const startServer = async () =>
    PinnedProgram.start(0, join(root, "packages/server/src/main.ts"), await freePort(), {
      REDIS_URL: process.url,
      OLLAMA_BASE_URL: `${upstream.url}/v1`,
      OLLAMA_MODEL: "at-once",
      EMBEDDED_MODEL: "none",
      EMBEDDING_MODEL: "none",
      WEB_PORT: `${await freePort()}`,
      LOG_LEVEL: "info",
      // The API of OpenAI has no field for a smaller window.
      CONTEXT_MAX_TOKENS: String(WINDOW_TOKENS),
    });
  const server = await startServer();
  const redis = await connectTo(process.url);
  const stop = async () => {
    redis.destroy();
    await server.stop();
    await process.stop();
  };
  return { title, isOther, redis, server, startServer, stop };
}

const { values: options } = parseArgs({
  options: { beside: { type: "string" }, write: { type: "boolean" } },
});
const other = await checkOutOtherCommit(options.beside);
pinSelf(1);
const upstream = await PinnedProgram.start(1, file("upstream.ts"), await freePort(), {});
const startRelay = async (program: string) =>
  PinnedProgram.start(0, file(program), await freePort(), { UPSTREAM: upstream.url });
const products = [await startProduct("this server", file(".."))];
if (other) products.push(await startProduct(`server at ${other.commit}`, other.root, true));
const bare = await startRelay("bare-relay.ts");

/** Measures the servers one after the other. */
async function ofEach<Result>(measure: (product: Product) => Promise<Result>): Promise<Result[]> {
  const found: Result[] = [];
  for (const product of products) found.push(await measure(product));
  return found;
}

/** Returns the request of a turn of this product. Each client has its own sessions. */
const chat =
  (
    mode: "stateless" | "stateful",
    model: string,
    session: (client: number, turn: number) => string,
    more: object = {},
  ): Ask =>
  (n, turn) => ({
    path: "/chat",
    body: {
      message: MESSAGE,
      mode,
      provider: "ollama",
      model,
      context_tokens: WINDOW_TOKENS,
      session_id: session(n, turn),
      ...more,
    },
  });
/** Returns the request of a response. @param goesOn what it goes on from */
const respond =
  (model: string, goesOn: (client: number, turn: number, last?: string) => object, stream = false): Ask =>
  (n, turn, last) => ({
    path: "/v1/responses",
    body: { input: MESSAGE, model: `ollama/${model}`, truncation: "auto", stream, ...goesOn(n, turn, last) },
  });
const lastResponse = (last = "") => ({ previous_response_id: /"id":"(resp_\w+)"/.exec(last)?.[1] });
/** The id that the API has for a session of the page as a conversation. */
const conversationOf = (session: string) => ({
  conversation: `conv_x${Buffer.from(session).toString("hex")}`,
});
const relayed =
  (path: string, model: string): Ask =>
  () => ({ path, body: { model, message: MESSAGE } });

try {
  const info = await products[0]?.redis.info("server");
  const version = /(?:redis|valkey)_version:(\S+)/.exec(info ?? "")?.[1];
  if (!canPin) print("There is no taskset here: nothing has a core of its own.", "");
  const titles = [
    "what",
    "to reach",
    ...products.map(({ title }) => title),
    "bare relay",
    "relay through the AI SDK",
  ];
  print(
    `| ${titles.join(" | ")} |`,
    `|---|${titles
      .slice(1)
      .map(() => "--:|")
      .join("")}`,
  );
  await wholeTurns();
  await cpuOfATokens();
  await firstText();
  await memoryOfAStream();
  await bytesInRedis();
  results.save({
    name: "performance",
    title: "Performance: CPU, latency and memory of turns",
    script: "bench:turns",
    software: [`Redis ${version}`],
  });
} finally {
  for (const { stop } of products) await stop();
  await Promise.all([bare, upstream].map((program) => program.stop()));
}

async function wholeTurns(): Promise<void> {
  const measure = async (program: PinnedProgram, ask: Ask) => {
    const before = program.cpuSeconds();
    const { turns, seconds } = await wholeTurnsOf(program.url, CLIENTS, MEASURE_MS, ask);
    return { perSecond: turns / seconds, cpuMicroseconds: ((program.cpuSeconds() - before) * 1e6) / turns };
  };
  const inSessionsOf = (turns: number, name: string) => (n: number, turn: number) =>
    `${name}-${n}-${Math.floor(turn / turns)}`;
  // Warms up the programs: their code is compiled before the measurement.
  for (const mode of ["stateful", "stateless"] as const)
    await ofEach(({ server }) => measure(server, chat(mode, "at-once", inSessionsOf(10, "warm"))));
  await measure(bare, relayed("/chat", "at-once"));
  const relay = await measure(bare, relayed("/chat", "at-once"));
  const row = async (what: string, ask: Ask, toReach?: string) => {
    const found = await ofEach(({ server, isOther }) =>
      // The server of another commit may not know what is asked for.
      measure(server, ask).catch((error) => {
        if (!isOther) throw error;
        return { perSecond: Number.NaN, cpuMicroseconds: Number.NaN };
      }),
    );
    const cells = (of: "perSecond" | "cpuMicroseconds") => found.map((one) => fixed(one[of], 0));
    printRow(`whole turns per second, ${what}`, cells("perSecond"), { bare: fixed(relay.perSecond, 0) });
    const bare = fixed(relay.cpuMicroseconds, 0);
    printRow("CPU of such a turn, µs", cells("cpuMicroseconds"), { bare, ...(toReach && { toReach }) });
  };
  await row("stateless", chat("stateless", "at-once", inSessionsOf(20, "stateless")));
  const young = chat("stateful", "at-once", inSessionsOf(20, "young"));
  await row("stateful, turns 1–20 (10 on average)", young, "≤ 230");
  for (const name of ["old", "windowed"]) {
    await ofEach(({ server }) =>
      Promise.all(Array.from({ length: CLIENTS }, (_, n) => fillHistory(server, `${name}-${n}`, 1000))),
    );
  }
  const windowed = chat("stateful", "at-once", (n) => `windowed-${n}`, { memory: "window" });
  await row("stateful, from turn 1,000 on, recall off", windowed);
  await row(
    "stateful, from turn 1,000 on, recall on",
    chat("stateful", "at-once", (n) => `old-${n}`),
    "≤ 1.15 × recall off",
  );
  await row(
    "`/v1/responses`, chains of 1–20 (10 on average)",
    respond("at-once", (_, turn, last) => (turn % 20 === 0 ? {} : lastResponse(last))),
    "≤ 1.2 × `POST /chat`",
  );
  await ofEach(({ server }) =>
    Promise.all(Array.from({ length: CLIENTS }, (_, n) => fillHistory(server, `chained-${n}`, 1000))),
  );
  await row(
    "`/v1/responses`, a chain from turn 1,000 on",
    respond("at-once", (n, turn, last) => (turn === 0 ? conversationOf(`chained-${n}`) : lastResponse(last))),
  );
  await streamedTurns();
}

async function streamedTurns(): Promise<void> {
  const measure = async (program: PinnedProgram, ask: Ask) => {
    await stream(program.url, CLIENTS, MEASURE_MS / 4, ask);
    const before = program.cpuSeconds();
    const { streams } = await stream(program.url, CLIENTS, MEASURE_MS, ask);
    return fixed(((program.cpuSeconds() - before) * 1e6) / streams, 0);
  };
  const relay = await measure(bare, relayed("/chat", "at-once"));
  const row = async (what: string, ask: Ask) =>
    printRow(what, await ofEach(({ server }) => measure(server, ask)), { bare: relay });
  await row(
    "CPU of a streamed turn, stateful, new sessions, µs",
    chat("stateful", "at-once", (n, turn) => `streamed-${n}-${turn}`),
  );
  await row(
    "CPU of a streamed response of `/v1/responses`, new chains, µs",
    respond("at-once", () => ({}), true),
  );
}

/** Fills a session with the messages of `turns` turns. */
async function fillHistory(server: PinnedProgram, session: string, turns: number): Promise<void> {
  const turn = [
    { role: "user", content: MESSAGE },
    { role: "assistant", content: "word".repeat(50) },
  ];
  for (let left = turns; left > 0; left -= 50) {
    const messages = Array.from({ length: Math.min(left, 50) }, () => turn).flat();
    await post(server, `/sessions/${session}/messages`, { messages });
  }
}

async function post(server: PinnedProgram, path: string, body: object): Promise<void> {
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
  const row = async (
    what: string,
    [tokens, streams]: readonly [number, number],
    ask: Ask,
    model: string,
    toReach?: string,
  ) => {
    const measure = async (program: PinnedProgram, asked: Ask) => {
      // Warms up the program.
      await stream(program.url, streams, MEASURE_MS / 4, asked);
      return microseconds(program, tokens, () => stream(program.url, streams, MEASURE_MS, asked));
    };
    const relays = relayed("/stream", model);
    printRow(`CPU of a relayed token, ${what}, µs`, await ofEach(({ server }) => measure(server, ask)), {
      bare: await measure(bare, relays),
      sdk: await measure(sdk, relays),
      ...(toReach && { toReach }),
    });
  };
  await row("2,000 arriving together", [2000, 4], here, "together");
  await row("32 streams of 50 per second", [50, 32], paced, "paced", "≤ 90");
  await sdk.stop();
}

async function firstText(): Promise<void> {
  for (const [streams, p99] of [
    [32, 2],
    [256, 15],
  ] as const) {
    const direct = await stream(upstream.url, streams, FIRST_TEXT_MS, () => ({
      path: "/v1/chat/completions",
      body: { model: "paced" },
    }));
    const ask = chat("stateful", "paced", (n, turn) => `first-${streams}-${n}-${turn}`);
    const found = await ofEach(({ server }) => stream(server.url, streams, FIRST_TEXT_MS, ask));
    const relay = await stream(bare.url, streams, FIRST_TEXT_MS, relayed("/stream", "paced"));
    const added = ({ firstTextMs }: Streamed) =>
      [0.5, 0.99]
        .map((share) => fixed(percentile(firstTextMs, share) - percentile(direct.firstTextMs, share)))
        .join(" / ");
    const what = `time to first text added at ${streams} streams, ms, median / p99`;
    printRow(what, found.map(added), { bare: added(relay), toReach: `p99 ≤ ${p99}` });
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
  const open = chat("stateless", "open", (n) => `open-${n}`);
  const found = await ofEach(async ({ startServer }) => kilobytes(await startServer(), open));
  const relay = await kilobytes(await startRelay("bare-relay.ts"), relayed("/stream", "open"));
  const what = `memory of an open stream, ${OPEN_STREAMS} of them, kB`;
  const resident = found.map((of) => of.resident);
  printRow(`${what}: resident, with garbage and free heap`, resident, { bare: relay.resident });
  const live = found.map((of) => of.live);
  printRow(`${what}: in use`, live, { bare: relay.live, toReach: "≤ 25" });
}

async function bytesInRedis(): Promise<void> {
  for (const turns of [10, 1000]) {
    const ask = chat("stateful", "at-once", () => `bytes-${turns}`);
    const found = await ofEach(async ({ server, redis }) => {
      for (let turn = 0; turn < turns; turn++) {
        const { path, body } = ask(0, turn);
        await post(server, path, body);
      }
      let bytes = 0;
      for (const key of await redis.keys(`chat_history:{bytes-${turns}}:*`))
        bytes += (await redis.memoryUsage(key, { SAMPLES: 0 })) ?? 0;
      return fixed(bytes / turns, 0);
    });
    const what = "bytes in Redis of a turn (two messages of 200 bytes and its record)";
    printRow(`${what}, after ${turns} turns`, found);
  }
}
