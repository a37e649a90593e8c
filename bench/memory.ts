// `npm run bench:memory`: what a message costs in Redis, and how fast it is written, read and dropped, compared
// with the bare commands and with RedisVL's layout. With `--beside COMMIT` the library of another commit is measured
// too, with `--write` the tables become docs/results/memory.md.
import { join } from "node:path";
import { parseArgs } from "node:util";
import { ResultPrinter } from "../docs/results/result-page.ts";
import { MessageHistory, type NewMessage } from "../packages/memory/src/index.ts";
import { connectBench } from "./bench-redis.ts";
import { HashPerMessage } from "./hash-per-message.ts";
import { percentile } from "./load.ts";
import { checkOutOtherCommit } from "./other-commit.ts";

const CONTENT = "x".repeat(200);
const MESSAGE: NewMessage = { role: "user", content: CONTENT };
const RECORD = `[1,"user",1732264800000,"${CONTENT}"]`;
const TTL_MS = 3_600_000;
const LENGTHS = [20, 1_000, 100_000];
const FIELDS = ["epoch", "ttl", "dropped", "turn", "lease", "v"];
const CALLERS = 64;
const ROUNDS = 5;
const ROUND_MS = 1_500;

const results = new ResultPrinter();
const { print } = results;

const { values: options } = parseArgs({
  options: { beside: { type: "string" }, write: { type: "boolean" } },
});
const other = await checkOutOtherCommit(options.beside);
const redis = await connectBench();
const { client, name, keysOf, removeKeys } = redis;
/** The library, and the other commit's. */
const libraries = [{ title: "MessageHistory", history: new MessageHistory({ client, name }) }];
if (other) {
  const { MessageHistory: Other } = await import(join(other.root, "packages/memory/src/index.ts"));
  const history: MessageHistory = new Other({ client, name: `${name}:other` });
  libraries.push({ title: `MessageHistory at ${other.commit}`, history });
}
const hashes = new HashPerMessage(client, name, CONTENT);

try {
  await memoryTable();
  await appendTable();
  await readAndDropTable();
  results.save({
    name: "memory",
    title: "The memory library: bytes and speed",
    script: "bench:memory",
    options: other ? ["--beside", other.commit] : [],
    software: [`Redis ${await redis.version()}`],
  });
} finally {
  await redis.close();
}

/** Measures bytes by MEMORY USAGE over all keys, without sampling. */
async function memoryTable(): Promise<void> {
  print("", "| bytes per message of 200 bytes, with keys and overhead | 1,000 messages | 10,000 messages |");
  print("|---|--:|--:|");
  const row = async (title: string, fill: (session: string, length: number) => Promise<unknown>) => {
    const cells: string[] = [];
    for (const length of [1_000, 10_000]) {
      const session = `${title}-${length}`;
      await fill(session, length);
      const bytes = await bytesOf(`${name}*{${session}}:*`);
      cells.push((bytes / length).toFixed(0));
    }
    print(`| ${title} | ${cells.join(" | ")} |`);
  };
  for (const { title, history } of libraries) {
    await row(title, (session, length) => fill(history, session, length));
    await row(`${title}, with an id of 26 characters from the caller`, (session, length) =>
      fill(history, session, length, (n) => ({ ...MESSAGE, id: `01JD${String(n).padStart(22, "0")}` })),
    );
  }
  await row("a hash per message and a sorted set, as RedisVL without its search index", (session, length) =>
    hashes.fill(session, length),
  );
}

async function appendTable(): Promise<void> {
  const session = (n: number) => `append-${n}`;
  const key = (n: number, part: string) => `${name}:{bare-${n}}:${part}`;
  const now = () => String(Date.now());
  const contestants: [string, (n: number) => Promise<unknown>][] = [
    [
      "the script's commands, sent one by one: `TIME`, `HMGET`, `RPUSH`, `HSET`, three `PEXPIRE`",
      (n) =>
        Promise.all([
          client.time(),
          client.hmGet(key(n, "meta"), FIELDS),
          client.rPush(key(n, "messages"), RECORD),
          client.hSet(key(n, "meta"), "updated", now()),
          client.pExpire(key(n, "messages"), TTL_MS),
          client.pExpire(key(n, "meta"), TTL_MS),
          client.pExpire(key(n, "turns"), TTL_MS),
        ]),
    ],
    [
      "the same in `MULTI`",
      (n) =>
        client
          .multi()
          .time()
          .hmGet(key(n, "meta"), FIELDS)
          .rPush(key(n, "messages"), RECORD)
          .hSet(key(n, "meta"), "updated", now())
          .pExpire(key(n, "messages"), TTL_MS)
          .pExpire(key(n, "meta"), TTL_MS)
          .pExpire(key(n, "turns"), TTL_MS)
          .exec(),
    ],
    [
      "its writes alone: `RPUSH`, `HSET`, two `PEXPIRE`",
      (n) =>
        Promise.all([
          client.rPush(key(n, "messages"), RECORD),
          client.hSet(key(n, "meta"), "updated", now()),
          client.pExpire(key(n, "messages"), TTL_MS),
          client.pExpire(key(n, "meta"), TTL_MS),
        ]),
    ],
    ["`RPUSH` alone", (n) => client.rPush(key(n, "messages"), RECORD)],
  ];
  for (const { title, history } of libraries) {
    contestants.push(
      [`${title}, \`addMessage\`: one script, atomic`, (n) => history.addMessage(session(n), MESSAGE)],
      [
        `${title}, \`addMessages\` of 10, counted in messages`,
        (n) => history.addMessages(session(n), Array(10).fill(MESSAGE)),
      ],
    );
  }
  // Interleaved, so that other work on the machine affects all of them.
  const found = contestants.map((): Load[] => []);
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [c, [, append]] of contestants.entries()) {
      const load = await underLoad(append);
      // The first round warms up.
      if (round > 0) found[c]?.push(load);
      await removeKeys(`${name}*{append-*`, `${name}:{bare-*`);
    }
  }
  const median = (c: number, of: keyof Load) =>
    percentile(
      (found[c] ?? []).map((load) => load[of]),
      0.5,
    );
  print(
    "",
    `| appends of 200 bytes, ${CALLERS} callers on one connection | per second | of the first | CPU µs of the client, of Redis |`,
  );
  print("|---|--:|--:|--:|");
  for (const [c, [title]] of contestants.entries()) {
    const messages = title.includes("of 10") ? 10 : 1;
    const rate = median(c, "aSecond") * messages;
    const cpu = [median(c, "clientMicros"), median(c, "redisMicros")].map((of) => (of / messages).toFixed(1));
    const times = (rate / median(0, "aSecond")).toFixed(2);
    print(`| ${title} | ${Math.round(rate).toLocaleString("en")} | ${times} × | ${cpu.join(", ")} |`);
  }
}

async function readAndDropTable(): Promise<void> {
  const long = LENGTHS.at(-1) ?? 0;
  for (const length of LENGTHS) {
    for (const { history } of libraries) await fill(history, `long-${length}`, length);
    await hashes.fill(`hashes-${length}`, length);
  }
  for (const { history } of libraries)
    await fill(history, "given", long, (n) => ({ ...MESSAGE, id: `id-${n}` }));

  const titles = [...libraries.map(({ title }) => title), "a hash per message"];
  print("", `| one call at a time, µs (median, 99th percentile) | ${titles.join(" | ")} |`);
  print(`|---|${titles.map(() => "--:|").join("")}`);
  const row = (what: string, cells: readonly string[]) => print(`| ${what} | ${cells.join(" | ")} |`);
  const reads = LENGTHS.map((length) => [
    ...libraries.map(
      ({ history }) =>
        () =>
          history.getRecent(`long-${length}`, { k: 20 }),
    ),
    () => hashes.readLast(`hashes-${length}`, 20),
  ]);
  const times = await timeInTurn(reads.flat(), 2_000);
  const timesOf = (n: number) => times.slice(n * titles.length, (n + 1) * titles.length);
  for (const [n, length] of LENGTHS.entries())
    row(`last 20 of ${length.toLocaleString("en")}`, timesOf(n).map(shown));
  const medians = (n: number) => timesOf(n).map((of) => percentile(of, 0.5));
  const shortest = medians(0);
  const ratios = medians(LENGTHS.length - 1).map((of, n) => `${(of / (shortest[n] ?? 1)).toFixed(2)} ×`);
  row("the longest divided by the shortest", ratios);

  // At any index of the session, each once.
  const byId = await Promise.all(
    libraries.map(async ({ history }) => {
      const [newest] = await history.getRecent(`long-${long}`, { k: 1 });
      const epoch = newest?.id.split("-")[0];
      const anyIndex = shuffledIndexes(long);
      return () => history.drop(`long-${long}`, `${epoch}-${anyIndex.next().value}`);
    }),
  );
  const byGivenId = libraries.map(({ history }) => {
    const anyIndex = shuffledIndexes(long);
    return () => history.drop("given", `id-${anyIndex.next().value}`);
  });
  const anyHash = shuffledIndexes(long);
  const hash = () => hashes.drop(`hashes-${long}`, Number(anyHash.next().value));
  const drops = (await timeInTurn([...byId, hash, ...byGivenId], 1_000)).map(shown);
  row(`drop by id, of ${long.toLocaleString("en")}`, drops.slice(0, titles.length));
  row("drop by an id from the caller", [...drops.slice(titles.length), ""]);
}

async function fill(
  history: MessageHistory,
  session: string,
  length: number,
  message = (_: number) => MESSAGE,
): Promise<void> {
  for (let from = 0; from < length; from += 500) {
    const size = Math.min(500, length - from);
    await history.addMessages(
      session,
      Array.from({ length: size }, (_, n) => message(from + n)),
    );
  }
}

/** What an operation costs when all callers call it for some time. */
interface Load {
  readonly aSecond: number;
  readonly clientMicros: number;
  readonly redisMicros: number;
}

async function underLoad(operation: (caller: number) => Promise<unknown>): Promise<Load> {
  const redisBefore = await redis.cpuSeconds();
  const clientBefore = process.cpuUsage();
  const started = performance.now();
  let done = 0;
  const call = async (caller: number): Promise<void> => {
    while (performance.now() - started < ROUND_MS) {
      await operation(caller);
      done++;
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, (_, caller) => call(caller)));
  const elapsed = performance.now() - started;
  const { user, system } = process.cpuUsage(clientBefore);
  return {
    aSecond: (done / elapsed) * 1000,
    clientMicros: (user + system) / done,
    redisMicros: (((await redis.cpuSeconds()) - redisBefore) * 1e6) / done,
  };
}

/** Returns the µs of each call of each operation; the operations run interleaved. */
async function timeInTurn(operations: (() => Promise<unknown>)[], times: number): Promise<number[][]> {
  const found = operations.map((): number[] => []);
  for (let n = 0; n < times * 1.2; n++) {
    for (const [o, operation] of operations.entries()) {
      const started = performance.now();
      await operation();
      if (n >= times * 0.2) found[o]?.push((performance.now() - started) * 1000);
    }
  }
  return found;
}

/** Yields the indexes of a session out of order, each once. */
function* shuffledIndexes(length: number): Generator<number, number> {
  for (let n = 0; n < length; n++) yield (n * 7_919) % length;
  return 0;
}

function shown(times: readonly number[] = []): string {
  return [0.5, 0.99].map((part) => percentile(times, part).toFixed(0)).join(", ");
}

async function bytesOf(pattern: string): Promise<number> {
  const sizes = await Promise.all(
    (await keysOf(pattern)).map((key) => client.memoryUsage(key, { SAMPLES: 0 })),
  );
  return sizes.reduce((sum: number, size) => sum + Number(size), 0);
}
