// `npm run bench:recall -- PATH`: how much of what a question needs is in the context, with and without recall, on the
// conversations of LoCoMo (https://github.com/snap-research/locomo, CC BY-NC 4.0), read from PATH or LOCOMO_PATH. The data
// never belongs into this repository. A question counts as covered if all messages that it names as evidence are there;
// no model answers anything. Tokens are a quarter of the characters. The rows by meaning need the built-in embedding
// model, which the server fetches when a search first needs it. With `--write` the tables become a page of docs/results.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { ResultPrinter } from "../docs/results/result-page.ts";
import {
  type Embedder,
  MessageHistory,
  type NewMessage,
  type SearchOptions,
  Turns,
} from "../packages/memory/src/index.ts";
import { E5_SMALL } from "../packages/server/src/models/embedding/e5-small.ts";
import { Encoder } from "../packages/server/src/models/embedding/encoder.ts";
import { installedEncoder } from "../packages/server/src/models/embedding/setup.ts";
import { cacheFolder } from "../packages/setup/base/cache-folder.mjs";
import { connectBench } from "./bench-redis.ts";
import { percentile } from "./load.ts";

const SHA256 = "79fa87e90f04081343b8c8debecb80a9a6842b76a7aa537dc9fdf651ea698ff4";
const ADVERSARIAL = 5;
/** Of which the CPU of a search is the median. */
const SEARCHES = 300;

interface Conversation {
  readonly session: string;
  readonly messages: readonly (NewMessage & { readonly id: string })[];
  readonly questions: readonly { readonly text: string; readonly evidence: readonly string[] }[];
  readonly speakers: readonly string[];
}

const path = process.argv.slice(2).find((arg) => !arg.startsWith("--")) ?? process.env.LOCOMO_PATH;
if (path === undefined) {
  console.error("Name the file locomo10.json: npm run bench:recall -- PATH, or set LOCOMO_PATH.");
  process.exit(1);
}
const file = readFileSync(path);
if (createHash("sha256").update(file).digest("hex") !== SHA256) {
  console.error(`${path} is not the locomo10.json that the figures are for: its SHA-256 is another one.`);
  process.exit(1);
}
const conversations = parse(file.toString());

const results = new ResultPrinter();
const { print } = results;
const redis = await connectBench();
const { client, name } = redis;
const history = new MessageHistory({ client, name, recall: true, timeoutMs: 60_000 });
const plain = new MessageHistory({ client, name: `${name}:plain`, timeoutMs: 60_000 });
const embedder = await builtInEmbedder();
const semantic = embedder && new MessageHistory({ client, name, recall: true, timeoutMs: 60_000, embedder });

/** A message is charged its date, as it would be sent with it. */
const countTokens = ({
  content,
  metadata,
}: {
  readonly content: string;
  readonly metadata?: unknown;
}): number => Math.ceil((content.length + (typeof metadata === "string" ? metadata.length : 0)) / 4);
const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0);

try {
  for (const { session, messages } of conversations) {
    await history.addMessages(session, messages);
    await plain.addMessages(session, messages);
    await semantic?.embedTurns(session);
  }
  await coverageTable();
  await gateTable();
  await cacheTable();
  await costTable();
  results.save({
    name: "recall",
    title: "Recall: what a question needs, and what finding it costs",
    script: "bench:recall",
    software: [
      `Redis ${await redis.version()}`,
      "LoCoMo (CC BY-NC 4.0)",
      ...(embedder ? [E5_SMALL.label] : []),
    ],
  });
} finally {
  await redis.close();
}

/** The built-in embedding model, if it is on disk. A text is embedded once, so that its time is in no figure of a search. */
async function builtInEmbedder(): Promise<Embedder | undefined> {
  const files = await installedEncoder(cacheFolder(process.env));
  if (files === undefined) {
    console.error("The built-in embedding model is not on disk, so the rows by meaning are left out.");
    return undefined;
  }
  const encoder = await Encoder.load(files, E5_SMALL.maxTokens);
  const known = new Map<string, Promise<Float32Array>>();
  const { id: model, dimensions, minSimilarity, prefixes } = E5_SMALL;
  return {
    ...{ model, dimensions, minSimilarity },
    embed: (texts, { purpose }) =>
      Promise.all(
        texts.map((text) => {
          const marked = prefixes[purpose] + text;
          const vector = known.get(marked) ?? encoder.encode(marked);
          known.set(marked, vector);
          return vector;
        }),
      ),
  };
}

async function coverageTable(): Promise<void> {
  const questions = sum(conversations.map((one) => one.questions.length));
  print(
    "",
    `| % of ${questions} questions | tokens | all evidence | mean share of it |`,
    "|---|--:|--:|--:|",
  );
  const row = async (
    title: string,
    tokens: number,
    context: (of: Conversation, question: string) => Promise<string[]>,
  ) => {
    const [all, share] = await coverage(context);
    print(`| ${title} | ${tokens.toLocaleString("en")} | ${all} | ${share} |`);
  };
  await row("window: the newest messages that fit", 2048, async (of) => windowOf(of, 2048));
  for (const tokens of [512, 2048]) {
    await row("recall by words", tokens, (of, question) => recall(of, question, tokens, { minCoverage: 0 }));
  }
  for (const tokens of semantic ? [512, 2048] : []) {
    await row("recall by words and meaning", tokens, (of, question) =>
      recall(of, question, tokens, { minCoverage: 0 }, semantic),
    );
  }
  await row("half window, half recall", 4096, async (of, question) => {
    const window = windowOf(of, 2048);
    return [...window, ...(await recall(of, question, 2048, { minCoverage: 0, before: window[0] ?? "" }))];
  });
  await row("recall by words, with the relevance gate", 2048, (of, question) =>
    recall(of, question, 2048, {}),
  );
  if (semantic) {
    await row("recall by words and meaning, with the relevance gate", 2048, (of, question) =>
      recall(of, question, 2048, {}, semantic),
    );
  }
  print(`| everything | ${meanTokens().toLocaleString("en")} | 100.0 | 100.0 |`);
}

/** Mean tokens of a whole conversation. */
function meanTokens(): number {
  const all = sum(conversations.map(({ messages }) => sum(messages.map(countTokens))));
  return Math.round(all / conversations.length);
}

/** What is recalled for questions that have nothing to do with the conversation. */
async function gateTable(): Promise<void> {
  print(
    "",
    "| 2,048 tokens, questions of another conversation without names | recall nothing | tokens recalled |",
  );
  print("|---|--:|--:|");
  const rows = [
    ["no gate", { minCoverage: 0 }, history],
    ["relevance gate", {}, history],
    ...(semantic ? [["relevance gate, by words and meaning", {}, semantic] as const] : []),
  ] as const;
  for (const [gate, options, searched] of rows) {
    const recalled: number[] = [];
    for (const [n, of] of conversations.entries()) {
      const stranger = conversations[(n + 1) % conversations.length] as Conversation;
      const names = new RegExp(stranger.speakers.join("|"), "g");
      for (const { text } of stranger.questions) {
        const question = text.replace(names, "");
        const { messages } = await find(searched, of.session, question, {
          maxTokens: 2048,
          countTokens,
          ...options,
        });
        recalled.push(sum(messages.map(countTokens)));
      }
    }
    const nothing = recalled.filter((tokens) => tokens === 0).length / recalled.length;
    const mean = sum(recalled) / recalled.length;
    print(`| ${gate} | ${(nothing * 100).toFixed(0)} % | ${mean.toFixed(0)} |`);
  }
}

/** How much of each request is equal to the beginning of the one before, which a provider can cache. */
async function cacheTable(): Promise<void> {
  const budget = 2048;
  print(
    "",
    `| conversations replayed in ${budget.toLocaleString("en")} tokens | of a request, equal to the one before |`,
  );
  print("|---|--:|");
  for (const [title, room] of [
    ["window alone", 0],
    ["window and recall, recall last", budget / 4],
  ] as const) {
    const shares: number[] = [];
    for (const { session, messages } of conversations) {
      let start = 0;
      let previous: readonly string[] = [];
      for (const [n, message] of messages.entries()) {
        if (message.role !== "user") continue;
        const limit = start === 0 ? budget : budget - room;
        if (sum(messages.slice(start, n + 1).map(countTokens)) > limit) {
          // As the server does: half is let go at once.
          while (sum(messages.slice(start, n + 1).map(countTokens)) > budget / 2) start++;
          while (messages[start]?.role !== "user") start++;
        }
        const options = { maxTokens: room, countTokens, before: messages[start]?.id };
        const found =
          start === 0 || room === 0 ? [] : (await history.search(session, message.content, options)).messages;
        const sent = [...messages.slice(start, n), ...found, message];
        const same = sent.findIndex(({ id }, at) => id !== previous[at]);
        shares.push(
          sum(sent.slice(0, same < 0 ? sent.length : same).map(countTokens)) / sum(sent.map(countTokens)),
        );
        previous = sent.map(({ id }) => id);
      }
    }
    print(`| ${title} | ${((sum(shares) / shares.length) * 100).toFixed(1)} % |`);
  }
}

async function costTable(): Promise<void> {
  print(
    "",
    "| messages of LoCoMo in a session | CPU of a search in Node.js | in Redis | bytes of it |",
    "|---|--:|--:|--:|",
  );
  const all = conversations.flatMap(({ messages }) =>
    messages.map(({ role, content }) => ({ role, content })),
  );
  const questions = conversations.flatMap((one) => one.questions.map(({ text }) => text));
  for (const length of [600, 20_000]) {
    const session = `cost-${length}`;
    for (let from = 0; from < length; from += 500) {
      const page = Array.from(
        { length: Math.min(500, length - from) },
        (_, n) => all[(from + n) % all.length],
      );
      await history.addMessages(session, page as NewMessage[]);
    }
    const bytesOf = async (key: string) =>
      Number(await client.memoryUsage(`${name}:{${session}}:${key}`, { SAMPLES: 0 }));
    const row = async (title: string, searched: MessageHistory, bytes: string) => {
      const { node, redis: inRedis } = await searchCpu((n) =>
        searched.search(session, questions[n % questions.length] ?? "", { maxTokens: 1024, countTokens }),
      );
      print(`| ${length.toLocaleString("en")}, ${title} | ${node} ms | ${inRedis} ms | ${bytes} |`);
    };
    await row("by words", history, `${((await bytesOf("words")) / length).toFixed(0)} a message`);
    if (!semantic) continue;
    await semantic.embedTurns(session);
    // The queries are embedded before, so that it is the search that is measured.
    for (const question of questions.slice(0, SEARCHES)) await embedQuery(question);
    const turns = (await client.lRange(`${name}:{${session}}:vectors`, 0, -1)).filter(
      (entry) => entry.length > 4,
    );
    const bytes = ((await bytesOf("vectors")) / turns.length).toFixed(0);
    await row("by words and meaning", semantic, `${bytes} a turn`);
  }
  await turnTable(all as NewMessage[], questions);
}

/** Median ms of CPU of a search. */
async function searchCpu(search: (n: number) => Promise<unknown>): Promise<{ node: string; redis: string }> {
  const rounds: { node: number; redis: number }[] = [];
  for (let n = 0; n < SEARCHES / 5; n++) {
    const [before, redisBefore] = [process.cpuUsage(), await redisCpuMs()];
    for (let k = 0; k < 5; k++) await search(n * 5 + k);
    const { user, system } = process.cpuUsage(before);
    if (n >= 10)
      rounds.push({ node: (user + system) / 5000, redis: ((await redisCpuMs()) - redisBefore) / 5 });
  }
  const median = (of: "node" | "redis") =>
    percentile(
      rounds.map((round) => round[of]),
      0.5,
    ).toFixed(2);
  return { node: median("node"), redis: median("redis") };
}

/**
 * Turns of 50 pieces in sessions of 600 messages, with and without recall, in alternation. Both write as many appends: where
 * nothing waits for one, a process that is slower by a search writes more of them.
 */
async function turnTable(all: readonly NewMessage[], questions: readonly string[]): Promise<void> {
  print(
    "",
    "| library, CPU of Node.js and Redis for a turn of 50 pieces, 600 messages before it | without recall | with recall |",
    "|---|--:|--:|",
  );
  for (const [title, session, isOneByOne] of [
    ["all pieces at once, as from a cache", "at-once", false],
    ["one by one, as a model writes them", "one-by-one", true],
  ] as const) {
    for (const one of [history, plain]) await one.addMessages(session, all.slice(0, 600));
    const writers = [
      { turns: new Turns({ client, name: `${name}:plain` }), searched: null },
      { turns: new Turns({ client, name, recall: true }), searched: history },
    ];
    const cpu: number[][] = writers.map(() => []);
    for (let n = 0; n < 400; n++) {
      // As the server does: a window of 200 messages is halved, and stays where it begins for 50 turns.
      const context = { window: "bench", from: 500 + 100 * Math.floor(n / 50) };
      for (const [w, { turns, searched }] of writers.entries()) {
        const content = questions[n] ?? "";
        const [before, redisBefore] = [process.cpuUsage(), await redisCpuMs()];
        const begun = await turns.begin(session, {
          content,
          history: { maxBytes: 64_000, window: context.window },
        });
        if (begun.kind !== "begun") throw new Error(begun.kind);
        const oldest = begun.items[0]?.item.id;
        await searched?.search(session, content, { maxTokens: 512, countTokens, before: oldest });
        const stored = begun.writer.feed.follow(0);
        for (let piece = 0; piece < 50; piece++) {
          begun.writer.write("token ");
          if (isOneByOne) await stored.next();
        }
        await begun.writer.end("completed", { context });
        const { user, system } = process.cpuUsage(before);
        if (n >= 100) cpu[w]?.push((user + system) / 1000 + (await redisCpuMs()) - redisBefore);
      }
    }
    const [without = 0, withRecall = 0] = cpu.map((of) => percentile(of, 0.5));
    const ratio = (withRecall / without).toFixed(2);
    print(`| ${title} | ${without.toFixed(2)} ms | ${withRecall.toFixed(2)} ms (${ratio} ×) |`);
  }
}

/** Returns the % of questions with all of their evidence in the context, and the mean share. */
async function coverage(
  context: (of: Conversation, question: string) => Promise<string[]>,
): Promise<[string, string]> {
  const shares: number[] = [];
  for (const of of conversations) {
    for (const { text, evidence } of of.questions) {
      const ids = new Set(await context(of, text));
      shares.push(evidence.filter((id) => ids.has(id)).length / evidence.length);
    }
  }
  const whole = shares.filter((share) => share === 1).length;
  const percent = (part: number) => ((part / shares.length) * 100).toFixed(1);
  return [percent(whole), percent(sum(shares))];
}

/** Ids of the newest messages that fit, oldest first. */
function windowOf({ messages }: Conversation, tokens: number): string[] {
  const ids: string[] = [];
  let left = tokens;
  for (const message of messages.toReversed()) {
    left -= countTokens(message);
    if (left < 0) break;
    ids.unshift(message.id);
  }
  return ids;
}

async function recall(
  { session }: Conversation,
  question: string,
  maxTokens: number,
  options: { minCoverage?: number; before?: string },
  searched: MessageHistory = history,
): Promise<string[]> {
  const { messages } = await find(searched, session, question, { maxTokens, countTokens, ...options });
  return messages.map(({ id }) => id);
}

/** Searches, after the query was embedded: a busy machine must not make it late. */
async function find(searched: MessageHistory, session: string, question: string, options: SearchOptions) {
  if (searched === semantic) await embedQuery(question);
  const found = await searched.search(session, question, options);
  if (found.vectors?.failed) throw new Error(`A search went without vectors: ${found.vectors.failed}`);
  return found;
}

async function embedQuery(question: string): Promise<void> {
  await embedder?.embed([question], { purpose: "query", signal: new AbortController().signal });
}

async function redisCpuMs(): Promise<number> {
  return (await redis.cpuSeconds()) * 1000;
}

/** One speaker is the user. */
function parse(json: string): Conversation[] {
  interface Said {
    readonly speaker: string;
    readonly dia_id: string;
    readonly text: string;
    readonly blip_caption?: string;
  }
  interface Sample {
    readonly conversation: Record<string, string | Said[]>;
    readonly qa: readonly { question: string; evidence?: string[]; category: number }[];
  }
  return (JSON.parse(json) as Sample[]).map(({ conversation, qa }, n) => {
    const speakers = [String(conversation.speaker_a), String(conversation.speaker_b)];
    const messages: (NewMessage & { id: string })[] = [];
    for (let s = 1; conversation[`session_${s}`] !== undefined; s++) {
      for (const said of conversation[`session_${s}`] as Said[]) {
        const shared = said.blip_caption ? ` [shares ${said.blip_caption}]` : "";
        messages.push({
          id: said.dia_id,
          role: said.speaker === speakers[0] ? "user" : "assistant",
          content: `${said.speaker}: ${said.text}${shared}`,
          metadata: String(conversation[`session_${s}_date_time`]),
        });
      }
    }
    const ids = new Set(messages.map(({ id }) => id));
    const questions = qa
      .filter(({ category }) => category !== ADVERSARIAL)
      .map(({ question, evidence = [] }) => ({
        text: question,
        // Some entries name several messages, and a few name none that exists.
        evidence: evidence.flatMap((one) => one.split(/[;,\s]+/)).filter((id) => ids.has(id)),
      }))
      .filter(({ evidence }) => evidence.length > 0);
    return { session: `locomo-${n}`, messages, questions, speakers };
  });
}
