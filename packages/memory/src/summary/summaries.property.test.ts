import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Connection, connectNodeRedis, removeKeys, uniqueName } from "../../test/redis.ts";
import { sha1 } from "../hash.ts";
import { type Item, MessageHistory, SessionArchive, type SummaryOutcome } from "../index.ts";

const RUNS = 40;

let connections: Connection[];
beforeAll(async () => {
  connections = await Promise.all([connectNodeRedis(), connectNodeRedis()]);
});
afterAll(() => Promise.all(connections.map((connection) => connection.close())));

/** A text that says of which items it was made, in letters, which no rule refuses. */
const digestOf = (items: readonly string[]): string =>
  `digest ${sha1(items.join("\n")).replaceAll(/\d/g, (digit) => "ghijklmnop".charAt(Number(digit)))}`;

type Step =
  | { readonly do: "add" | "drop" | "edit" | "truncate"; readonly at: number }
  | { readonly do: "begin" | "end"; readonly job: number; readonly at: number }
  | { readonly do: "kill" | "fork" | "clear" };

/** Always writes a summary, then changes what it covers. */
const WRITES: Step[] = [
  { do: "add", at: 0 },
  { do: "add", at: 0 },
  { do: "begin", job: 0, at: 0 },
  { do: "end", job: 0, at: 0 },
  { do: "fork" },
  { do: "edit", at: 3 },
];

const at = fc.integer({ min: 0, max: 30 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant("add" as const), at }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom("drop" as const, "edit" as const), at }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("truncate" as const), at }) },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constantFrom("begin" as const, "end" as const),
      job: fc.integer({ min: 0, max: 1 }),
      at,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constantFrom("kill" as const, "fork" as const, "clear" as const) }),
  },
);

test("no summary covers an item that was changed, dropped or added since, whatever happens while it is written", {
  timeout: 120_000,
}, async () => {
  const outcomes: string[] = [];
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40, size: "max" }), async (steps) => {
      const name = uniqueName();
      const [first, second] = connections as [Connection, Connection];
      const processes = [first, second].map(
        ({ client }) => new MessageHistory({ client, name, ttlSeconds: 60 }),
      );
      const [history] = processes as [MessageHistory];
      const archive = new SessionArchive({ client: first.client, name, ttlSeconds: 60 });
      /** Ends the model's answer of each job that runs, and what comes of it. */
      const jobs = new Map<number, { answer: () => void; outcome: Promise<SummaryOutcome> }>();
      let added = 0;
      let session = "s";
      const items = async () => Array.fromAsync(history.items(session));
      const pick = async (n: number): Promise<Item | undefined> => {
        const all = await items();
        return all[n % Math.max(1, all.length)];
      };
      const take: Record<Step["do"], (step: Step) => Promise<unknown>> = {
        add: async () =>
          history.addMessages(
            session,
            Array.from({ length: 8 }, () => ({
              role: added % 2 === 0 ? ("user" as const) : ("assistant" as const),
              content: `entry ${added++}${" word".repeat(12)}`,
            })),
          ),
        drop: async (step) => {
          const item = "at" in step ? await pick(step.at) : undefined;
          if (item) await history.drop(session, item.id);
        },
        edit: async (step) => {
          const item = "at" in step ? await pick(step.at) : undefined;
          if (item) await history.updateMessage(session, item.id, { content: `edit ${added++}` });
        },
        truncate: async (step) => {
          const item = "at" in step ? await pick(step.at) : undefined;
          if (item) await history.truncate(session, { from: item.id });
        },
        begin: async (step) => {
          if (!("job" in step) || jobs.has(step.job)) return;
          // Near the end, where enough items are before it.
          const before = (await items()).at(-1 - (step.at % 6));
          const process = processes[step.job];
          if (before === undefined || process === undefined) return;
          const { promise: isAsked, resolve: asked } = Promise.withResolvers<void>();
          const { promise, resolve: answer } = Promise.withResolvers<void>();
          const write = async ({ text }: { text: string }) => {
            asked();
            await promise;
            return digestOf(
              [...text.matchAll(/^> (?:User|Assistant): (.*)$/gm)].map(([, line = ""]) => line),
            );
          };
          const outcome = process.summarize(session, {
            before: before.id,
            summarizer: { model: "m", write },
          });
          await Promise.race([isAsked, outcome]);
          jobs.set(step.job, { answer, outcome });
        },
        end: async (step) => {
          const job = "job" in step ? jobs.get(step.job) : undefined;
          if (job === undefined || !("job" in step)) return;
          jobs.delete(step.job);
          job.answer();
          outcomes.push((await job.outcome).status);
        },
        // As if the process that holds the lease was gone for a minute.
        kill: () => first.command("HSET", `${name}:{${session}}:summary`, "until", "1"),
        fork: async () => {
          if ((await history.info(session)) === null) return;
          const fork = `fork-${added++}`;
          await archive.fork(session, fork);
          session = fork;
        },
        clear: () => history.clear(session),
      };
      try {
        for (const step of steps) {
          await take[step.do](step);
          const all = await items();
          const indexed = await Promise.all(
            all.map(async ({ id, content }) => ({
              index: (await history.locate(session, id))?.index ?? -1,
              content,
            })),
          );
          for (const { text, to } of (await history.summaries(session)).summaries) {
            const covered = indexed.filter(({ index }) => index < to).map(({ content }) => content);
            expect(text).toBe(digestOf(covered));
          }
        }
      } finally {
        for (const { answer } of jobs.values()) answer();
        await Promise.allSettled([...jobs.values()].map(({ outcome }) => outcome));
        await removeKeys(first, name);
      }
    }),
    { numRuns: RUNS, examples: [[WRITES]] },
  );
  // Otherwise no summary was compared.
  expect(outcomes).toContain("written");
});
